import { test } from 'node:test'
import { CIDR, MAC, parseCIDR, parseIP } from '@patchbay/address'
import {
  addAddressRequest,
  addNeighbour,
  addRouteRequest,
  deleteAddress,
  deleteNeighbour,
  deleteRouteRequest,
  IFA_F,
  NTF,
  NUD,
  RT_SCOPE,
  RTN,
  replaceNeighbour,
  standardBroadcast,
} from '../../src/route/index.ts'
import { assertSendsAs, requestOf } from './sent-message.ts'

/** Index of the link that the captured commands work on. */
const index = 40

test('addAddressRequest() and deleteAddress() send what ip does', async () => {
  const address = parseCIDR('10.1.0.5/24')
  const broadcast = standardBroadcast(address)
  if (broadcast) assertSendsAs('sent/address-add', addAddressRequest({ index, address, broadcast }))
  assertSendsAs('sent/address-delete', await requestOf((socket) => deleteAddress(socket, { index, address })))
  const nodad = addAddressRequest({ index, address: parseCIDR('fd01::5/64'), flags: IFA_F.NODAD })
  assertSendsAs('sent/address-add-ipv6', nodad)
})

test('addRouteRequest() sends routes as ip does', () => {
  const gateway = parseIP('10.0.0.9')
  const metrics = { mtu: 1300, advmss: 1200 }
  const dst = parseCIDR('192.168.7.0/24')
  const prefsrc = parseIP('10.0.0.1')
  assertSendsAs('sent/route-add', addRouteRequest({ dst, gateway, oif: index, prefsrc, priority: 5, metrics }))
  assertSendsAs(
    'sent/route-add-default',
    addRouteRequest({ dst: CIDR.parse('::/0'), gateway: parseIP('fd00::9'), oif: index }),
  )
  assertSendsAs('sent/route-add-default-ipv4', addRouteRequest({ dst: CIDR.parse('0.0.0.0/0'), gateway, oif: index }))
  const onLink = { dst: parseCIDR('192.168.8.0/24'), oif: index, scope: RT_SCOPE.LINK }
  assertSendsAs('sent/route-append', addRouteRequest({ ...onLink, table: 1000 }, 'append'))
  assertSendsAs('sent/route-replace', addRouteRequest(onLink, 'replace'))
  assertSendsAs('sent/route-unreachable', addRouteRequest({ dst: parseCIDR('192.168.10.0/24'), type: RTN.UNREACHABLE }))
  const multipath = [
    { hops: 1, ifindex: index, gateway: parseIP('10.0.0.8') },
    { hops: 2, ifindex: index, gateway },
  ]
  assertSendsAs('sent/route-multipath', addRouteRequest({ dst: parseCIDR('192.168.9.0/24'), multipath }))
})

test('deleteRouteRequest() leaves open what ip leaves open', () => {
  assertSendsAs('sent/route-delete', deleteRouteRequest({ dst: parseCIDR('192.168.7.0/24') }))
})

test('neighbours are sent as ip does', async () => {
  const neighbour = { index, dst: parseIP('10.0.0.77'), lladdr: MAC.parse('02:00:00:00:00:77') }
  assertSendsAs('sent/neighbour-add', await requestOf((socket) => addNeighbour(socket, neighbour)))
  const stale = { ...neighbour, state: NUD.STALE, flags: NTF.ROUTER }
  assertSendsAs('sent/neighbour-replace', await requestOf((socket) => replaceNeighbour(socket, stale)))
  const { dst } = neighbour
  assertSendsAs('sent/neighbour-delete', await requestOf((socket) => deleteNeighbour(socket, { index, dst })))
})
