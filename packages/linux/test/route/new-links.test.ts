import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MAC } from '@patchbay/address'
import {
  addBridgeRequest,
  addDummyRequest,
  addIpvlanRequest,
  addMacvlanRequest,
  addVethRequest,
  addVlanRequest,
  addVrfRequest,
  IPVLAN_MODE,
  MACVLAN_MODE,
} from '../../src/route/index.ts'
import { bridge, linkAttributes } from '../../src/route/raw.ts'
import { assertSendsAs } from './sent-message.ts'

/** Index of the link that the captured commands work on. */
const link = 40

test('addVlanRequest() sends a vlan as ip does', () => {
  const address = MAC.parse('02:00:00:00:00:05')
  assertSendsAs('sent/vlan', addVlanRequest({ ifname: 'v0.5', link, mtu: 1400, address, id: 5 }))
  const ingressQos = [
    { from: 1, to: 2 },
    { from: 3, to: 4 },
  ]
  const egressQos = [
    { from: 5, to: 6 },
    { from: 7, to: 1 },
  ]
  const flags = { flags: 2, mask: 3 }
  const vlan = { id: 4094, protocol: 0x88a8, flags, ingressQos, egressQos }
  assertSendsAs('sent/vlan-all', addVlanRequest({ ifname: 'v0.6', link, ...vlan }))
})

test('addIpvlanRequest(), addVrfRequest() and addDummyRequest() send what ip does', () => {
  assertSendsAs('sent/ipvlan', addIpvlanRequest({ ifname: 'ipv0', link, mode: IPVLAN_MODE.L3S, flags: 1 }))
  assertSendsAs('sent/vrf', addVrfRequest({ ifname: 'red', table: 1000 }))
  assertSendsAs('sent/dummy', addDummyRequest({ ifname: 'd0', mtu: 1300 }))
})

test('addMacvlanRequest() and addVethRequest() send what ip does', () => {
  const address = MAC.parse('02:00:00:00:00:07')
  const macvlan = { mode: MACVLAN_MODE.BRIDGE, bcQueueLen: 500 }
  assertSendsAs('sent/macvlan', addMacvlanRequest({ ifname: 'mv0', link, address, ...macvlan }))
  const peer = { ifname: 'eth0', mtu: 1400, address: MAC.parse('02:00:00:00:00:09'), index: 99 }
  assertSendsAs('sent/veth', addVethRequest({ ifname: 'v9', mtu: 1400, peer }))
})

test('addBridgeRequest() sends a bridge that filters VLANs as ip does', () => {
  const vlans = {
    vlanFiltering: true,
    vlanProtocol: 0x88a8,
    vlanDefaultPvid: 7,
    vlanStatsEnabled: true,
    vlanStatsPerPort: true,
  }
  assertSendsAs('sent/bridge-vlan-filtering', addBridgeRequest({ ifname: 'br9', ...vlans, mcastSnooping: false }))
})

test('a bridge has no setting that is called as one of any link', () => {
  const common = Object.keys(linkAttributes.table)
  assert.deepEqual(
    Object.keys(bridge.table).filter((name) => common.includes(name)),
    [],
  )
})

test('add…Request() refuses settings of another kind', () => {
  // @ts-expect-error a macvlan has no forward delay
  addMacvlanRequest({ ifname: 'mv0', link, forwardDelay: 400 })
  // @ts-expect-error a vlan is on a link
  addVlanRequest({ ifname: 'v0.5', id: 5 })
  // @ts-expect-error the kind is given already
  addBridgeRequest({ ifname: 'br0', linkinfo: { link: { kind: 'veth' } } })
})
