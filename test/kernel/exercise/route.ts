import assert from 'node:assert/strict'
import { MAC, parseCIDR, parseIP } from '@patchbay/address'
import type { NetlinkSocket } from '@patchbay/linux/netlink'
import { Namespace, readSysctl, writeSysctl } from '@patchbay/linux/netns'
import {
  addAddress,
  addAddressRequest,
  addLink,
  addNeighbour,
  addRoute,
  deleteAddress,
  deleteLink,
  deleteNeighbour,
  deleteRoute,
  findLink,
  getRoute,
  listAddresses,
  listLinks,
  listNeighbours,
  listRoutes,
  openRouteSocket,
  RTNLGRP,
  setLink,
  subscribeRoute,
} from '@patchbay/linux/route'

/** Uses every operation on links, addresses, routes and neighbours once, in namespaces of its own. */
export async function exerciseRoute(): Promise<void> {
  for (const offThread of [false, true]) {
    using host = Namespace.create()
    using container = Namespace.create()
    using socket = openRouteSocket({ netns: host, offThread })
    const deleted: unknown[] = []
    const subscription = subscribeRoute({ netns: host, groups: [RTNLGRP.LINK] }, (event) => {
      if (event.object === 'link' && event.change === 'deleted') deleted.push(event.link.ifname)
    })
    const index = await makeLinks(socket, container)
    await useAddresses(socket, index)
    await useErrors(socket)
    writeSysctl(container, 'net.ipv4.ip_forward', '1')
    assert.equal(readSysctl(container, 'net.ipv4.ip_forward'), '1')
    await deleteLink(socket, 'v0')
    while (!deleted.includes('v0')) await new Promise((resolve) => setTimeout(resolve, 1))
    subscription.close()
  }
}

async function makeLinks(socket: NetlinkSocket, container: Namespace): Promise<number> {
  const bridge = await addLink(socket, { ifname: 'br0', up: true, linkinfo: { link: { kind: 'bridge' } } })
  const peer = { ifname: 'eth0', netNsFd: container.fd, address: MAC.parse('02:00:00:00:00:01') }
  const linkinfo = { link: { kind: 'veth', data: { peer } } } as const
  const veth = await addLink(socket, { ifname: 'v0', up: true, master: bridge.index, linkinfo })
  assert.equal(veth.master, bridge.index)
  await setLink(socket, veth.index, { linkinfo: { port: { kind: 'bridge', data: { mode: true } } } })
  assert.deepEqual((await listLinks(socket)).map(({ ifname }) => ifname).sort(), ['br0', 'lo', 'v0'])
  return bridge.index
}

async function useAddresses(socket: NetlinkSocket, index: number): Promise<void> {
  await setLink(socket, 'lo', { up: true })
  await addAddress(socket, { index, address: parseCIDR('10.0.0.1/24') })
  await addRoute(socket, { dst: parseCIDR('192.168.0.0/16'), gateway: parseIP('10.0.0.9'), oif: index })
  assert.equal((await getRoute(socket, parseIP('10.0.0.1'))).oif, 1)
  assert.ok((await listRoutes(socket, { family: 4 })).some(({ dst }) => String(dst) === '192.168.0.0/16'))
  await deleteRoute(socket, { dst: parseCIDR('192.168.0.0/16') })
  const neighbour = { index, dst: parseIP('10.0.0.9'), lladdr: MAC.parse('02:00:00:00:00:09') }
  await addNeighbour(socket, neighbour)
  assert.ok((await listNeighbours(socket, { index })).some(({ dst }) => dst.equals(neighbour.dst)))
  await deleteNeighbour(socket, neighbour)
  await deleteAddress(socket, { index, address: parseCIDR('10.0.0.1/24') })
  const many = Array.from({ length: 400 }, (_, number) => parseCIDR(`10.1.${number >> 8}.${number & 0xff}/32`))
  await socket.request(many.map((address) => addAddressRequest({ index, address })))
  assert.equal((await listAddresses(socket, { index, family: 4 })).length, 400)
}

async function useErrors(socket: NetlinkSocket): Promise<void> {
  assert.equal(await findLink(socket, 'nothing'), undefined)
  const peer = { ifname: 'sixteen-letters-' }
  const linkinfo = { link: { kind: 'veth', data: { peer } } } as const
  await assert.rejects(addLink(socket, { ifname: 'x', linkinfo }), /IFLA\.linkinfo\.link\.data\.peer\.ifname/)
}
