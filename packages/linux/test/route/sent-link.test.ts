import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MAC, parseIP } from '@patchbay/address'
import {
  addBridgeVlans,
  addLinkRequest,
  BRIDGE_VLAN_INFO,
  deleteBridgeVlans,
  deleteLink,
  deleteLinkGroup,
  IPVLAN_MODE,
  MACVLAN_MODE,
  setLink,
  setLinkRequest,
} from '../../src/route/index.ts'
import { assertSendsAs, requestOf } from './sent-message.ts'

/** Index of the link that the captured commands work on. */
const index = 40

test('addLinkRequest() sends a vlan as ip does', () => {
  const address = MAC.parse('02:00:00:00:00:05')
  const link = { kind: 'vlan', data: { id: 5 } } as const
  assertSendsAs('sent/vlan', addLinkRequest({ ifname: 'v0.5', link: index, mtu: 1400, address, linkinfo: { link } }))
  const data = {
    protocol: 0x88a8,
    id: 4094,
    flags: { flags: 2, mask: 3 },
    ingressQos: [
      { from: 1, to: 2 },
      { from: 3, to: 4 },
    ],
    egressQos: [
      { from: 5, to: 6 },
      { from: 7, to: 1 },
    ],
  }
  assertSendsAs(
    'sent/vlan-all',
    addLinkRequest({ ifname: 'v0.6', link: index, linkinfo: { link: { kind: 'vlan', data } } }),
  )
})

test('addLinkRequest() sends ipvlan, vrf and dummy as ip does', () => {
  const rows = [
    ['ipvlan', { ifname: 'ipv0', link: index }, { kind: 'ipvlan', data: { mode: IPVLAN_MODE.L3S, flags: 1 } }],
    ['vrf', { ifname: 'red' }, { kind: 'vrf', data: { table: 1000 } }],
    ['dummy', { ifname: 'd0', mtu: 1300 }, { kind: 'other', name: 'dummy' }],
  ] as const
  for (const [name, settings, link] of rows)
    assertSendsAs(`sent/${name}`, addLinkRequest({ ...settings, linkinfo: { link } }))
})

test('addLinkRequest() sends macvlan, vxlan and veth as ip does', () => {
  const address = MAC.parse('02:00:00:00:00:07')
  const macvlan = { kind: 'macvlan', data: { mode: MACVLAN_MODE.BRIDGE, bcQueueLen: 500 } } as const
  assertSendsAs('sent/macvlan', addLinkRequest({ ifname: 'mv0', link: index, address, linkinfo: { link: macvlan } }))
  const [group, local] = [parseIP('10.0.0.9'), parseIP('10.0.0.1')]
  const data = { id: 7, group, local, link: index, port: 4789, ttl: 9, learning: false }
  assertSendsAs('sent/vxlan', addLinkRequest({ ifname: 'vx0', linkinfo: { link: { kind: 'vxlan', data } } }))
  const peer = { ifname: 'eth0', mtu: 1400, address: MAC.parse('02:00:00:00:00:09'), index: 99 }
  assertSendsAs(
    'sent/veth',
    addLinkRequest({ ifname: 'v9', mtu: 1400, linkinfo: { link: { kind: 'veth', data: { peer } } } }),
  )
})

test('addLinkRequest() sends a bridge that filters VLANs as ip does', () => {
  const data = {
    vlanFiltering: true,
    vlanProtocol: 0x88a8,
    vlanDefaultPvid: 7,
    vlanStatsEnabled: true,
    vlanStatsPerPort: true,
    mcastSnooping: false,
  }
  assertSendsAs(
    'sent/bridge-vlan-filtering',
    addLinkRequest({ ifname: 'br9', linkinfo: { link: { kind: 'bridge', data } } }),
  )
})

test('addBridgeVlans() and deleteBridgeVlans() send what bridge does', async () => {
  const flags = BRIDGE_VLAN_INFO.PVID | BRIDGE_VLAN_INFO.UNTAGGED
  const sent = await Promise.all([
    requestOf((socket) => addBridgeVlans(socket, index, [{ vid: 5, flags }])),
    requestOf((socket) => addBridgeVlans(socket, index, [{ vid: 6 }])),
    requestOf((socket) => deleteBridgeVlans(socket, index, [{ vid: 1 }])),
  ])
  const names = ['sent/bridge-vlan-add', 'sent/bridge-vlan-add-tagged', 'sent/bridge-vlan-delete']
  names.forEach((name, position) => {
    const request = sent[position]
    if (request) assertSendsAs(name, request)
  })
})

test('setLinkRequest() sends flags and a new name as ip does', () => {
  assertSendsAs('sent/link-up', setLinkRequest(index, { up: true, promisc: true }))
  assertSendsAs('sent/link-down', setLinkRequest(index, { up: false }))
  assertSendsAs('sent/link-rename', setLinkRequest(index, { ifname: 'renamed' }))
})

test('setLink() refuses to rename a link that it is given by name', async () => {
  const message = 'Cannot rename the link "v0": select it by index'
  await assert.rejects(
    requestOf((socket) => setLink(socket, 'v0', { ifname: 'v1' })),
    { name: 'TypeError', message },
  )
})

test('deleteLink() and deleteLinkGroup() send what ip does', async () => {
  assertSendsAs('sent/link-delete', await requestOf((socket) => deleteLink(socket, index)))
  assertSendsAs('sent/link-delete-group', await requestOf((socket) => deleteLinkGroup(socket, 77)))
})
