import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MAC } from '@patchbay/address'
import { addBridge, addMacvlan, addMacvlanRequest, addVeth, addVethRequest, MACVLAN_MODE } from '@patchbay/linux/route'
import { withNamespaces } from '../lab/namespace-fixture.ts'
import { assertShows, hasLink, ip, ipJsonOne } from '../lab/witness.ts'

test('addBridge() makes a bridge with settings of its own and of any link', () =>
  withNamespaces(['host'], async ({ host }) => {
    const address = MAC.parse('02:00:00:00:00:b0')
    const own = { forwardDelay: 400, ageingTime: 1000, mcastSnooping: false }
    const made = await addBridge(host.socket, { ifname: 'br0', up: true, mtu: 1420, address, ...own })
    const shown = ipJsonOne(host, 'link', 'show', 'br0')
    assertShows(shown, {
      ifindex: made.index,
      mtu: 1420,
      address: '02:00:00:00:00:b0',
      linkinfo: { info_kind: 'bridge', info_data: { forward_delay: 400, ageing_time: 1000, mcast_snooping: 0 } },
    })
    assert.ok(String(shown['flags']).includes('UP'))
    await assert.rejects(addBridge(host.socket, { ifname: 'br0' }), { operation: 'RTM_NEWLINK', code: 'EEXIST' })
  }))

test('addVeth() makes both ends of a pair where they belong', () =>
  withNamespaces(['host', 'container'], async ({ host, container }) => {
    const bridge = await addBridge(host.socket, { ifname: 'br0' })
    const peer = { ifname: 'eth0', mtu: 1300, netNsFd: container.netns.fd }
    const made = await addVeth(host.socket, { ifname: 'veth0', up: true, master: bridge.index, peer })
    const end = ipJsonOne(container, 'link', 'show', 'eth0')
    assertShows(end, { mtu: 1300, link_index: made.index, linkinfo: { info_kind: 'veth' } })
    assertShows(ipJsonOne(host, 'link', 'show', 'veth0'), { ifindex: made.index, master: 'br0', mtu: 1500 })
    assert.equal(made.link, end['ifindex'])
  }))

test('addVeth() without a peer makes one that the kernel names', () =>
  withNamespaces(['host'], async ({ host }) => {
    const { link } = await addVeth(host.socket, { ifname: 'v0' })
    assert.match(ip(host, 'link', 'show'), new RegExp(`^${link}: veth0@v0:`, 'm'))
  }))

test('addMacvlan() makes a macvlan on another link', () =>
  withNamespaces(['host'], async ({ host }) => {
    const lower = await addVeth(host.socket, { ifname: 'lower' })
    const own = { mode: MACVLAN_MODE.BRIDGE, bcQueueLen: 77 }
    const made = await addMacvlan(host.socket, { ifname: 'mv0', link: lower.index, mtu: 1400, ...own })
    assertShows(ipJsonOne(host, 'link', 'show', 'mv0'), {
      ifindex: made.index,
      link: 'lower',
      mtu: 1400,
      linkinfo: { info_kind: 'macvlan', info_data: { mode: 'bridge', bcqueuelen: 77 } },
    })
  }))

test('addVethRequest() and others can be sent in one go, with links in other namespaces', () =>
  withNamespaces(['host', 'container'], async ({ host, container }) => {
    const lower = await addVeth(host.socket, { ifname: 'lower' })
    const netNsFd = container.netns.fd
    await host.socket.request([
      addMacvlanRequest({ ifname: 'mv0', link: lower.index, mode: MACVLAN_MODE.PRIVATE, netNsFd }),
      addVethRequest({ ifname: 'v0', peer: { ifname: 'eth0', netNsFd } }),
    ])
    assertShows(ipJsonOne(container, 'link', 'show', 'mv0'), { linkinfo: { info_data: { mode: 'private' } } })
    assert.deepEqual([hasLink(host, 'v0'), hasLink(container, 'eth0')], [true, true])
  }))
