import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MAC, parseCIDR, parseIP } from '@patchbay/address'
import type { NetlinkSocket } from '../../src/netlink/index.ts'
import {
  addAddress,
  addBridgeVlans,
  addLink,
  addNeighbour,
  addRoute,
  deleteAddress,
  deleteBridgeVlans,
  deleteLink,
  deleteLinkGroup,
  deleteNeighbour,
  deleteRoute,
  getLink,
  getRoute,
  listAddresses,
  listLinks,
  listNeighbours,
  listRoutes,
  replaceNeighbour,
  setLink,
} from '../../src/route/index.ts'
import { FakeKernel, refusal } from '../../src/testing/index.ts'

const [cidr, cidr6, ip] = [parseCIDR('10.0.0.1/24'), parseCIDR('fd00::/64'), parseIP('10.0.0.9')]
const lladdr = MAC.parse('02:00:00:00:00:01')
const neighbour = { index: 3, dst: ip, lladdr }
const vlans = [{ vid: 10 }, { vid: 20 }]

const objects: Readonly<Record<string, readonly ((socket: NetlinkSocket) => Promise<unknown>)[]>> = {
  'link "b0"': [
    (socket) => addLink(socket, { ifname: 'b0' }),
    (socket) => setLink(socket, 'b0', { up: true }),
    (socket) => getLink(socket, 'b0'),
    (socket) => deleteLink(socket, 'b0'),
  ],
  'link "a-name-longer-than-fifteen"': [(socket) => getLink(socket, 'a-name-longer-than-fifteen')],
  'link 3': [(socket) => setLink(socket, 3, { up: true }), (socket) => deleteLink(socket, 3)],
  'link 3 "b1"': [(socket) => setLink(socket, 3, { ifname: 'b1' })],
  'links of group 7': [(socket) => deleteLinkGroup(socket, 7)],
  'VLAN 10 of link 3': [(socket) => addBridgeVlans(socket, 3, vlans), (socket) => deleteBridgeVlans(socket, 3, vlans)],
  'address 10.0.0.1/24 on link 3': [
    (socket) => addAddress(socket, { index: 3, address: cidr }),
    (socket) => addAddress(socket, { index: 3, address: cidr, peer: ip }),
    (socket) => deleteAddress(socket, { index: 3, address: cidr }),
  ],
  'addresses of link 3': [(socket) => listAddresses(socket, { index: 3 })],
  'route 10.0.0.0/24 via 10.0.0.9 on link 3': [
    (socket) => addRoute(socket, { dst: cidr, gateway: ip, oif: 3 }),
    (socket) => deleteRoute(socket, { dst: cidr, gateway: ip, oif: 3 }),
  ],
  'route 10.0.0.0/24 via fd00::1': [(socket) => addRoute(socket, { dst: cidr, via: parseIP('fd00::1') })],
  'route fd00::/64 in table 4711': [(socket) => deleteRoute(socket, { dst: cidr6, table: 4711 })],
  'route 0.0.0.0/0': [(socket) => addRoute(socket, { dst: parseCIDR('0.0.0.0/0') })],
  'route ::/0 in table 100': [(socket) => addRoute(socket, { dst: parseCIDR('::/0'), table: 100 })],
  'route to 10.0.0.9': [(socket) => getRoute(socket, ip)],
  'route to 10.0.0.9 on link 3': [(socket) => getRoute(socket, ip, { oif: 3 })],
  'neighbour 10.0.0.9 on link 3': [
    (socket) => addNeighbour(socket, neighbour),
    (socket) => replaceNeighbour(socket, neighbour),
    (socket) => deleteNeighbour(socket, neighbour),
  ],
  'neighbours of link 3': [(socket) => listNeighbours(socket, { index: 3 })],
}

/** What the error of a refused request says that it was about. */
async function objectOf(call: (socket: NetlinkSocket) => Promise<unknown>): Promise<unknown> {
  using socket = new FakeKernel(() => refusal('EPERM')).openSocket()
  const error: unknown = await call(socket).catch((thrown: unknown) => thrown)
  assert.ok(
    error instanceof Error && 'object' in error && error.message.includes(` (${error.object}): `),
    String(error),
  )
  return error.object
}

test('NetlinkError names the link, address, route or neighbour that a request was about', async () => {
  for (const [object, calls] of Object.entries(objects))
    for (const call of calls) assert.equal(await objectOf(call), object, String(call))
})

test('NetlinkError names no object where a list of all was asked for', async () => {
  using socket = new FakeKernel(() => refusal('EPERM')).openSocket()
  for (const list of [listLinks, listAddresses, listRoutes, listNeighbours])
    await assert.rejects(list(socket), { code: 'EPERM', object: undefined })
})
