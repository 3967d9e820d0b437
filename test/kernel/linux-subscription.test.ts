import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseCIDR } from '@patchbay/address'
import { NetlinkSubscription } from '@patchbay/linux/netlink'
import {
  addAddress,
  addLink,
  addRoute,
  deleteLink,
  type RouteEvent,
  RTNLGRP,
  setLink,
  subscribeRoute,
} from '@patchbay/linux/route'
import { NETLINK_ROUTE } from '@patchbay/linux/route/raw'
import { eventually, openDescriptors, type TestNamespace, withNamespaces } from '../lab/namespace-fixture.ts'
import { hasLink, ip, runIn } from '../lab/witness.ts'

/** Listens to a namespace until disposed of. */
class EventLog implements Disposable {
  readonly events: RouteEvent[] = []
  readonly #subscription: NetlinkSubscription

  constructor({ netns }: TestNamespace, groups: readonly number[]) {
    this.#subscription = subscribeRoute({ netns, groups }, (event) => this.events.push(event))
  }

  /** Waits for an event, of those that came already too. */
  async until(wanted: (event: RouteEvent) => boolean): Promise<void> {
    await eventually(() => this.events.some(wanted), 'the event')
  }

  [Symbol.dispose](): void {
    this.#subscription.close()
  }
}

const bridge = { link: { kind: 'bridge' } } as const

const isDeleted = (event: RouteEvent) => event.object === 'link' && event.change === 'deleted'

const isOverrun = (event: RouteEvent) => event.object === 'overrun'

function describe(event: RouteEvent): string {
  if (event.object === 'link') return `link ${event.change} ${event.link.ifname}`
  if (event.object === 'address') return `address ${event.change} ${event.address.address}`
  return event.object === 'route' ? `route ${event.change} ${event.route.dst}` : event.object
}

test('subscribeRoute() tells of links, addresses and routes that come and go', () =>
  withNamespaces(['host'], async ({ host }) => {
    using log = new EventLog(host, [RTNLGRP.LINK, RTNLGRP.IPV4_IFADDR, RTNLGRP.IPV6_IFADDR, RTNLGRP.IPV4_ROUTE])
    const { index } = await addLink(host.socket, { ifname: 'br0', up: true, linkinfo: bridge })
    await addAddress(host.socket, { index, address: parseCIDR('10.0.0.1/24') })
    await addAddress(host.socket, { index, address: parseCIDR('fd00::1/64') })
    await addRoute(host.socket, { dst: parseCIDR('192.168.0.0/16'), oif: index })
    await deleteLink(host.socket, index)
    await log.until(isDeleted)
    const said = log.events.map(describe)
    for (const expected of [
      'link added br0',
      'address added 10.0.0.1/24',
      'address added fd00::1/64',
      'route added 192.168.0.0/16',
      'address deleted 10.0.0.1/24',
      'address deleted fd00::1/64',
      'link deleted br0',
    ])
      assert.ok(said.includes(expected), `${expected} is not in ${said.join(', ')}`)
  }))

test('subscribeRoute() hears only the groups it asked for, of its own namespace', () =>
  withNamespaces(['host', 'other'], async ({ host, other }) => {
    using log = new EventLog(host, [RTNLGRP.LINK])
    const { index } = await addLink(host.socket, { ifname: 'br0', up: true, linkinfo: bridge })
    await addAddress(host.socket, { index, address: parseCIDR('10.0.0.1/24') })
    await addLink(other.socket, { ifname: 'elsewhere', linkinfo: bridge })
    await deleteLink(host.socket, index)
    await log.until(isDeleted)
    assert.deepEqual([...new Set(log.events.map(describe))], ['link added br0', 'link deleted br0'])
  }))

test('subscribeRoute() does not take a port that leaves its bridge for a link that is gone', () =>
  withNamespaces(['host'], async ({ host }) => {
    using log = new EventLog(host, [RTNLGRP.LINK])
    const { index } = await addLink(host.socket, { ifname: 'br0', linkinfo: bridge })
    const port = await addLink(host.socket, { ifname: 'v0', master: index, linkinfo: { link: { kind: 'veth' } } })
    await setLink(host.socket, port.index, { master: 0 })
    await deleteLink(host.socket, index)
    await log.until(isDeleted)
    assert.deepEqual(log.events.filter(isDeleted).map(describe), ['link deleted br0'])
    assert.ok(hasLink(host, 'v0'))
  }))

test('subscribeRoute() hears of a deletion before the request for it returns', () =>
  withNamespaces(['host', 'container'], async ({ host, container }) => {
    let heardFirst = 0
    for (let round = 0; round < 10; round++) {
      const peer = { ifname: 'eth0', netNsFd: container.netns.fd }
      await addLink(host.socket, { ifname: 'v0', linkinfo: { link: { kind: 'veth', data: { peer } } } })
      using log = new EventLog(host, [RTNLGRP.LINK])
      await deleteLink(host.socket, 'v0')
      if (log.events.some(isDeleted)) heardFirst++
    }
    // The kernel always says it first; a busy machine may let the listener wait.
    assert.ok(heardFirst > 0)
  }))

test('subscribeRoute() reports that events were lost once no more are, and goes on', () =>
  withNamespaces(['host'], async ({ host }) => {
    const { index } = await addLink(host.socket, { ifname: 'br0', linkinfo: bridge })
    using log = new EventLog(host, [RTNLGRP.LINK])
    // While this process waits for the command, nobody empties the queue of the subscription.
    const flood =
      'i=0; while [ $i -lt 5000 ]; do echo link set dev br0 mtu $((1300 + i % 2)); i=$((i+1)); done | ip -batch -'
    runIn(host, 'sh', '-c', flood)
    await log.until(isOverrun)
    assert.ok(log.events.length < 5000, `${log.events.length} events`)
    await deleteLink(host.socket, index)
    await log.until(isDeleted)
  }))

test('NetlinkSubscription.close() ends it at once, also from its own callback, and gives everything back', () =>
  withNamespaces(['host'], async ({ host }) => {
    const before = openDescriptors()
    let heard = 0
    const subscription = new NetlinkSubscription(NETLINK_ROUTE, {
      netns: host.netns,
      groups: [RTNLGRP.LINK],
      onMessage() {
        heard++
        subscription.close()
      },
    })
    for (let number = 0; number < 20; number++) ip(host, 'link', 'add', `b${number}`, 'type', 'bridge')
    await eventually(() => heard > 0, 'A notification')
    await new Promise((resolve) => setTimeout(resolve, 50))
    assert.equal(heard, 1)
    subscription.close()
    assert.equal(openDescriptors(), before)
  }))

test('subscribeRoute() reports what the listener throws, and tells of the events that follow', () =>
  withNamespaces(['host'], async ({ host }) => {
    const errors: unknown[] = []
    const names: string[] = []
    const options = { netns: host.netns, groups: [RTNLGRP.LINK], onError: (error: unknown) => void errors.push(error) }
    using _subscription = subscribeRoute(options, (event) => {
      if (event.object !== 'link' || event.change !== 'deleted') return
      names.push(event.link.ifname ?? '')
      if (event.link.ifname === 'b0') throw new Error('no')
    })
    for (const name of ['b0', 'b1']) ip(host, 'link', 'add', name, 'type', 'bridge')
    for (const name of ['b0', 'b1']) ip(host, 'link', 'delete', name)
    await eventually(() => names.includes('b1'), 'the event')
    assert.deepEqual([names, errors.map(String)], [['b0', 'b1'], ['Error: no']])
  }))

test('NetlinkSubscription refuses a group that is not there, and keeps nothing open', () =>
  withNamespaces(['host'], async ({ host }) => {
    const before = openDescriptors()
    const options = { netns: host.netns, groups: [100_000], onMessage() {} }
    assert.throws(() => new NetlinkSubscription(NETLINK_ROUTE, options), { syscall: 'setsockopt', code: 'EINVAL' })
    assert.equal(openDescriptors(), before)
  }))
