import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseCIDR, parseIP } from '@patchbay/address'
import type { Connection, ConnectionTuple } from '../src/conntrack/index.ts'
import type { NetlinkRequest, SocketOptions } from '../src/netlink/index.ts'
import { Writer } from '../src/netlink/raw.ts'
import type { LimitOptions, LogOptions, NatOptions } from '../src/nftables/index.ts'
import type { PingOptions } from '../src/packet/index.ts'
import {
  type Address,
  addAddressRequest,
  addLinkRequest,
  addRouteRequest,
  type LinkFilter,
  type LinkSettings,
  type Neighbour,
  type Route,
  type RouteFilter,
} from '../src/route/index.ts'
import type { LockOptions } from '../src/sys/index.ts'

type OptionalKeys<T> = { [K in keyof T]-?: object extends Pick<T, K> ? K : never }[keyof T]

/** Whether every optional key of a type may be there without a value, as callers that are compiled most strictly need it. */
type TakesUndefined<T> = { readonly [K in OptionalKeys<T>]: undefined } extends Pick<T, OptionalKeys<T>> ? true : never

/** Does not compile when one of them does not. */
export const optionTypes: [
  TakesUndefined<Address>,
  TakesUndefined<Connection>,
  TakesUndefined<ConnectionTuple>,
  TakesUndefined<LimitOptions>,
  TakesUndefined<LinkFilter>,
  TakesUndefined<LinkSettings>,
  TakesUndefined<LockOptions>,
  TakesUndefined<LogOptions>,
  TakesUndefined<NatOptions>,
  TakesUndefined<Neighbour>,
  TakesUndefined<PingOptions>,
  TakesUndefined<Route>,
  TakesUndefined<RouteFilter>,
  TakesUndefined<SocketOptions>,
] = [true, true, true, true, true, true, true, true, true, true, true, true, true, true]

function bytesOf(request: NetlinkRequest): Uint8Array {
  const w = new Writer()
  request.write(w)
  return w.finish()
}

test('requests leave out what is undefined', () => {
  const address = { index: 3, address: parseCIDR('10.0.0.1/24') }
  const route = { dst: parseCIDR('10.0.0.0/8'), oif: 3 }
  const link = { ifname: 'b0' }
  const none = undefined
  const rows = [
    [addLinkRequest(link), addLinkRequest({ ...link, up: none, mtu: none, address: none, linkinfo: none })],
    [
      addAddressRequest(address),
      addAddressRequest({ ...address, broadcast: none, peer: none, scope: none, flags: none }),
    ],
    [addRouteRequest(route), addRouteRequest({ ...route, gateway: none, table: none, metrics: none, scope: none })],
  ] as const
  for (const [without, withUndefined] of rows) assert.deepEqual(bytesOf(withUndefined), bytesOf(without))
  const gateway = parseIP('10.0.0.9')
  assert.notDeepEqual(bytesOf(addRouteRequest({ ...route, gateway })), bytesOf(addRouteRequest(route)))
})
