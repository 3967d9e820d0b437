import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { NetlinkSocket } from '@patchbay/linux/netlink'
import { addLink, getLink, type Link, listBridgeVlans, setLink } from '@patchbay/linux/route'
import { type TestNamespace, withNamespaces } from '../lab/namespace-fixture.ts'
import { assertShows, bridgeJson, ip, ipJsonOne, runIn } from '../lab/witness.ts'

/** A bridge `br0` and a veth `v0` beside it. */
async function bridgeAndVeth(socket: NetlinkSocket): Promise<{ bridge: Link; veth: Link }> {
  const bridge = await addLink(socket, { ifname: 'br0', up: true, linkinfo: { link: { kind: 'bridge' } } })
  const veth = await addLink(socket, { ifname: 'v0', up: true, linkinfo: { link: { kind: 'veth' } } })
  return { bridge, veth }
}

function portOf(host: TestNamespace): ReturnType<typeof ipJsonOne> {
  return ipJsonOne(host, 'link', 'show', 'v0')
}

test('setLink() makes a link a port of a bridge and takes it out again', () =>
  withNamespaces(['host'], async ({ host }) => {
    const { bridge, veth } = await bridgeAndVeth(host.socket)
    await setLink(host.socket, veth.index, { master: bridge.index })
    assertShows(portOf(host), { master: 'br0', linkinfo: { info_slave_kind: 'bridge' } })
    const link = await getLink(host.socket, 'v0')
    assert.equal(link.master, bridge.index)
    assert.equal(link.linkinfo?.port?.kind, 'bridge')
    await setLink(host.socket, veth.index, { master: 0 })
    assert.equal(portOf(host)['master'], undefined)
  }))

test('setLink() changes settings of a port and leaves the others', () =>
  withNamespaces(['host'], async ({ host }) => {
    const { bridge, veth } = await bridgeAndVeth(host.socket)
    await setLink(host.socket, veth.index, { master: bridge.index })
    ip(host, 'link', 'set', 'v0', 'type', 'bridge_slave', 'cost', '1234')
    const data = { mode: true, isolated: true, learning: false, neighSuppress: true, priority: 5 }
    await setLink(host.socket, veth.index, { linkinfo: { port: { kind: 'bridge', data } } })
    const shown = { hairpin: true, isolated: true, learning: false, neigh_suppress: true, priority: 5, cost: 1234 }
    assertShows(portOf(host), { linkinfo: { info_slave_data: shown } })
    const back = { mode: false, isolated: false }
    await setLink(host.socket, veth.index, { linkinfo: { port: { kind: 'bridge', data: back } } })
    assertShows(portOf(host), { linkinfo: { info_slave_data: { ...shown, hairpin: false, isolated: false } } })
    assertShows(bridgeJson(host, 'link', 'show', 'dev', 'v0'), [
      { ifname: 'v0', hairpin: false, isolated: false, learning: false },
    ])
  }))

test('setLink() cannot set up a port before the link is one', () =>
  withNamespaces(['host'], async ({ host }) => {
    const { bridge, veth } = await bridgeAndVeth(host.socket)
    const linkinfo = { port: { kind: 'bridge', data: { mode: true } } } as const
    await assert.rejects(setLink(host.socket, veth.index, { master: bridge.index, linkinfo }), { code: 'EOPNOTSUPP' })
    assert.equal(portOf(host)['master'], undefined)
  }))

test('setLink() names the port setting that the kernel refuses', () =>
  withNamespaces(['host'], async ({ host }) => {
    const { bridge, veth } = await bridgeAndVeth(host.socket)
    await setLink(host.socket, veth.index, { master: bridge.index })
    const linkinfo = { port: { kind: 'bridge', data: { priority: 1000 } } } as const
    await assert.rejects(setLink(host.socket, veth.index, { linkinfo }), { operation: 'RTM_NEWLINK', code: 'ERANGE' })
    assertShows(portOf(host), { linkinfo: { info_slave_data: { priority: 32 } } })
  }))

test('listBridgeVlans() lists the VLANs of a port, none where the kernel’s bridges know none', () =>
  withNamespaces(['host'], async ({ host }) => {
    const { bridge, veth } = await bridgeAndVeth(host.socket)
    await setLink(host.socket, veth.index, { master: bridge.index })
    const shown = JSON.parse(runIn(host, 'bridge', '-json', 'vlan', 'show'))
    const expected = shown.flatMap((row: { ifname: string; vlans: { vlan: number }[] }) =>
      row.ifname === 'v0' ? row.vlans.map(({ vlan }) => vlan) : [],
    )
    const dumped = await listBridgeVlans(host.socket, veth.index)
    assert.deepEqual(
      dumped.map(({ vid }) => vid),
      expected,
    )
  }))
