import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MAC } from '@patchbay/address'
import {
  addBridgeVlans,
  addLink,
  BRIDGE_VLAN_INFO,
  deleteBridgeVlans,
  getLink,
  IPVLAN_MODE,
  listBridgeVlans,
  MACVLAN_MODE,
  type NewLink,
  setLink,
} from '@patchbay/linux/route'
import { withNamespaces } from '../lab/namespace-fixture.ts'
import { assertShows, ip, ipJsonOne, type JsonObject, runIn } from '../lab/witness.ts'

const lower = 'lower0'

/** Kinds with their settings, on top of a link where they need one, and what `ip` shows of each. */
const kinds: Readonly<Record<string, { link: (index: number) => Omit<NewLink, 'ifname'>; shown: JsonObject }>> = {
  dummy: {
    link: () => ({ mtu: 1400, linkinfo: { link: { kind: 'other', name: 'dummy' } } }),
    shown: { mtu: 1400, linkinfo: { info_kind: 'dummy' } },
  },
  vlan: {
    link: (link) => ({ link, linkinfo: { link: { kind: 'vlan', data: { id: 100 } } } }),
    shown: { link: lower, linkinfo: { info_kind: 'vlan', info_data: { protocol: '802.1Q', id: 100 } } },
  },
  'vlan of a provider': {
    link: (link) => ({ link, linkinfo: { link: { kind: 'vlan', data: { id: 7, protocol: 0x88a8 } } } }),
    shown: { link: lower, linkinfo: { info_kind: 'vlan', info_data: { protocol: '802.1ad', id: 7 } } },
  },
  vrf: {
    link: () => ({ linkinfo: { link: { kind: 'vrf', data: { table: 100 } } } }),
    shown: { linkinfo: { info_kind: 'vrf', info_data: { table: 100 } } },
  },
  ipvlan: {
    link: (link) => ({ link, linkinfo: { link: { kind: 'ipvlan', data: { mode: IPVLAN_MODE.L3 } } } }),
    shown: { link: lower, linkinfo: { info_kind: 'ipvlan', info_data: { mode: 'l3' } } },
  },
  macvtap: {
    link: (link) => ({ link, linkinfo: { link: { kind: 'macvtap', data: { mode: MACVLAN_MODE.BRIDGE } } } }),
    shown: { link: lower, linkinfo: { info_kind: 'macvtap', info_data: { mode: 'bridge' } } },
  },
  'bridge that filters VLANs': {
    link: () => ({ linkinfo: { link: { kind: 'bridge', data: { vlanFiltering: true } } } }),
    shown: { linkinfo: { info_kind: 'bridge', info_data: { vlan_filtering: 1 } } },
  },
}

for (const [what, { link, shown }] of Object.entries(kinds))
  test(`addLink() makes a ${what}, and returns it as the kernel has it`, () =>
    withNamespaces(['host'], async ({ host }) => {
      const address = MAC.parse('02:00:00:00:00:01')
      const { index } = await addLink(host.socket, {
        ifname: lower,
        address,
        linkinfo: { link: { kind: 'other', name: 'dummy' } },
      })
      const made = await addLink(host.socket, { ifname: 'made0', ...link(index) })
      assertShows(ipJsonOne(host, 'link', 'show', 'made0'), { ifindex: made.index, ...shown })
      // What the kernel says of it can be said to the kernel.
      assert.deepEqual((await getLink(host.socket, 'made0')).linkinfo, made.linkinfo)
    }))

test('a link in a vrf says which table it is in', () =>
  withNamespaces(['host'], async ({ host }) => {
    const vrf = { link: { kind: 'vrf', data: { table: 100 } } } as const
    const { index } = await addLink(host.socket, { ifname: 'vrf0', linkinfo: vrf })
    const inside = await addLink(host.socket, { ifname: lower, linkinfo: { link: { kind: 'other', name: 'dummy' } } })
    await setLink(host.socket, inside.index, { master: index, up: true })
    assert.deepEqual((await getLink(host.socket, lower)).linkinfo?.port, { kind: 'vrf', data: { table: 100 } })
    assert.match(ip(host, 'link', 'show', lower), /master vrf0/)
  }))

test('addBridgeVlans(), listBridgeVlans() and deleteBridgeVlans() agree with bridge(8)', () =>
  withNamespaces(['host'], async ({ host }) => {
    const linkinfo = { link: { kind: 'bridge', data: { vlanFiltering: true, vlanDefaultPvid: 0 } } } as const
    const { index: master } = await addLink(host.socket, { ifname: 'br0', linkinfo })
    const port = await addLink(host.socket, { ifname: lower, linkinfo: { link: { kind: 'other', name: 'dummy' } } })
    await setLink(host.socket, port.index, { master })
    const own = BRIDGE_VLAN_INFO.PVID | BRIDGE_VLAN_INFO.UNTAGGED
    await addBridgeVlans(host.socket, port.index, [{ vid: 5 }, { vid: 100, flags: own }])
    const shown = () => JSON.parse(runIn(host, 'bridge', '-json', 'vlan', 'show', 'dev', lower))[0]?.vlans ?? []
    assert.deepEqual(shown(), [{ vlan: 5 }, { vlan: 100, flags: ['PVID', 'Egress Untagged'] }])
    assert.deepEqual(
      (await listBridgeVlans(host.socket, port.index)).map(({ vid, flags }) => [vid, flags]),
      [
        [5, 0],
        [100, own],
      ],
    )
    await deleteBridgeVlans(host.socket, port.index, [{ vid: 100 }])
    assert.deepEqual(shown(), [{ vlan: 5 }])
  }))
