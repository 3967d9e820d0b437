import assert from 'node:assert/strict'
import { closeSync } from 'node:fs'
import { test } from 'node:test'
import { parseIP } from '@patchbay/address'
import type { Plugin } from '@patchbay/cni/plugin'
import { writeSysctl } from '@patchbay/linux/netns'
import { AF_INET6, writeSocketAddress } from '@patchbay/linux/packet'
import { checked, native } from '@patchbay/linux/sys'
import { bridge } from '@patchbay/plugins/bridge'
import { ptp } from '@patchbay/plugins/ptp'
import { eventually, type TestNamespace } from '../lab/namespace-fixture.ts'
import { type PluginLab, withLab } from '../lab/plugin-lab.ts'
import { ip, ipJson, ipJsonOne, type JsonObject, linkNames, runIn } from '../lab/witness.ts'

/** `<sys/socket.h>`, `<netinet/in.h>` */
const SOCK_RAW = 3
const IPPROTO_ICMPV6 = 58
const IPPROTO_IPV6 = 41
const IPV6_MULTICAST_HOPS = 18

/** Options of a router advertisement: the router's own hardware address, and a prefix to take an address of. */
const sourceLinkLayer = [1, 1, 2, 0, 0, 0, 0, 1]
const prefix = [3, 4, 64, 0xc0, 0, 0, 14, 16, 0, 0, 14, 16, 0, 0, 0, 0, ...parseIP('fd66::').bytes]

/** RFC 4861 §4.2: "I am a router for 1800 seconds". The kernel puts in the checksum. */
const advertisement = Uint8Array.of(134, 0, 0, 0, 64, 0, 7, 8, 0, 0, 0, 0, 0, 0, 0, 0, ...sourceLinkLayer, ...prefix)

/** Sends a router advertisement to all nodes on the link of `eth0`. */
function advertise(router: TestNamespace): void {
  const index = Number(ipJsonOne(router, 'link', 'show', 'dev', 'eth0')['ifindex'])
  const fd = checked('socket', native().socketIn(router.netns.fd, AF_INET6, SOCK_RAW, IPPROTO_ICMPV6))
  try {
    // Routers are believed only when their packets have crossed no other.
    checked('setsockopt', native().setsockopt(fd, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, 255))
    checked('connect', native().connect(fd, writeSocketAddress(parseIP('ff02::1'), { index })))
    checked('send', native().send(fd, advertisement))
  } finally {
    closeSync(fd)
  }
}

/** How many router advertisements have come to a namespace. */
function received(host: TestNamespace): number {
  const counters = runIn(host, 'cat', '/proc/net/snmp6')
  return Number(/^Icmp6InRouterAdvertisements\s+(\d+)$/m.exec(counters)?.[1])
}

/** Has a container, or a router, advertise itself and waits until the host has seen it. */
async function advertiseTo(host: TestNamespace, router: TestNamespace): Promise<void> {
  const before = received(host)
  advertise(router)
  await eventually(() => received(host) > before, 'the router advertisement')
}

/** What the host has taken from router advertisements: routes, and addresses that it made. */
function taken(host: TestNamespace): string[] {
  const routes = ipJson(host, '-6', 'route', 'show', 'proto', 'ra').map(({ dst, dev }) => `${dst} dev ${dev}`)
  const kernel = ip(host, '-6', '-o', 'address', 'show', 'dynamic').trim()
  return kernel === '' ? routes : [...routes, kernel]
}

const dualStack: JsonObject = {
  cniVersion: '1.1.0',
  ips: [
    { address: '10.1.2.3/24', gateway: '10.1.2.1' },
    { address: 'fd00::3/64', gateway: 'fd00::1' },
  ],
}
const config: JsonObject = { bridge: 'cni0', isGateway: true, ipam: { type: 'ipam' } }

/** Whom the container can reach: the bridge it is on, or the host's end of its own pair. */
const cases: { plugin: Plugin; reached: (host: TestNamespace) => string }[] = [
  { plugin: bridge, reached: () => 'cni0' },
  { plugin: ptp, reached: (host) => linkNames(host).find((name) => name.startsWith('veth')) ?? '' },
]

for (const { plugin, reached } of cases)
  test(`${plugin.name} keeps the host from taking routes from a container (CVE-2020-10749)`, () =>
    withLab(async (lab) => {
      lab.ipam = dualStack
      // A router believes other routers as well.
      writeSysctl(lab.host.netns, 'net/ipv6/conf/default/accept_ra', '2')
      await lab.add(plugin, config)
      await eventually(() => hasLinkLocal(lab.container), 'the link-local address of the container')
      await advertiseTo(lab.host, lab.container)
      assert.deepEqual(taken(lab.host), [])

      // The same packet, to a host that accepts it.
      const name = reached(lab.host)
      writeSysctl(lab.host.netns, `net/ipv6/conf/${name}/accept_ra`, '2')
      await advertiseTo(lab.host, lab.container)
      await eventually(() => taken(lab.host).length > 0, 'the route')
      assert.ok(taken(lab.host).includes(`default dev ${name}`), String(taken(lab.host)))
    }))

/** Until it is known that nobody else has it, the address cannot be sent from. */
function hasLinkLocal(place: TestNamespace): boolean {
  return ip(place, '-6', '-o', 'address', 'show', 'dev', 'eth0', 'scope', 'link', '-tentative') !== ''
}

/** The namespace `other` as a router that the host has its default route from, by its link `up0`. */
async function withRouter(work: (lab: PluginLab, router: TestNamespace) => Promise<void>): Promise<void> {
  await withLab(async (lab) => {
    const { host, other: router } = lab
    lab.ipam = dualStack
    writeSysctl(router.netns, 'net/ipv6/conf/default/accept_dad', '0')
    ip(host, 'link', 'add', 'up0', 'type', 'veth', 'peer', 'name', 'eth0', 'netns', router.path)
    ip(host, 'link', 'set', 'up0', 'up')
    ip(router, 'link', 'set', 'eth0', 'up')
    await eventually(() => hasLinkLocal(router), 'the link-local address of the router')
    await advertiseTo(host, router)
    await eventually(() => taken(host).length > 1, 'the default route')
    await work(lab, router)
  })
}

/** What the host has taken, without what changes by itself. */
function lasting(host: TestNamespace): string[] {
  return taken(host).map((line) => line.replace(/tentative |valid_lft .*/g, ''))
}

function sysctlOf(host: TestNamespace, name: string): string {
  return runIn(host, 'cat', `/proc/sys/net/${name}`).trim()
}

/** When the routes by advertisement end, in seconds; a new advertisement puts it off. */
function expiry(host: TestNamespace): number[] {
  return ipJson(host, '-6', 'route', 'show', 'proto', 'ra').map(({ expires }) => Number(expires))
}

for (const { plugin } of cases) {
  test(`${plugin.name} ADD leaves the host what it has from router advertisements, and has it go on listening`, () =>
    withRouter(async (lab, router) => {
      const before = lasting(lab.host)
      assert.ok(before.includes('default dev up0'), String(before))
      await lab.add(plugin, config)
      assert.equal(sysctlOf(lab.host, 'ipv6/conf/all/forwarding'), '1')
      assert.deepEqual(lasting(lab.host), before)
      ip(lab.host, '-6', 'route', 'delete', 'default', 'dev', 'up0')
      await advertiseTo(lab.host, router)
      await eventually(() => taken(lab.host).includes('default dev up0'), 'the default route again')
      assert.ok(expiry(lab.host).every((seconds) => seconds > 1700))
    }))

  test(`${plugin.name} ADD with IPv4 alone does not touch IPv6`, () =>
    withRouter(async (lab) => {
      lab.ipam = { cniVersion: '1.1.0', ips: [{ address: '10.1.2.3/24', gateway: '10.1.2.1' }] }
      await lab.add(plugin, config)
      assert.equal(sysctlOf(lab.host, 'ipv6/conf/all/forwarding'), '0')
      assert.equal(sysctlOf(lab.host, 'ipv6/conf/up0/accept_ra'), '1')
    }))

  test(`${plugin.name} ADD changes nothing on links without advertisements, and on those that accept none`, () =>
    withLab(async (lab) => {
      lab.ipam = dualStack
      for (const name of ['quiet0', 'managed0']) {
        ip(lab.host, 'link', 'add', name, 'type', 'bridge')
        ip(lab.host, 'link', 'set', name, 'up')
      }
      // A daemon that listens to routers itself keeps the kernel from it, and marks its routes so.
      writeSysctl(lab.host.netns, 'net/ipv6/conf/managed0/accept_ra', '0')
      ip(lab.host, '-6', 'route', 'add', 'default', 'dev', 'managed0', 'proto', 'ra')
      await lab.add(plugin, config)
      const values = ['quiet0', 'managed0'].map((name) => sysctlOf(lab.host, `ipv6/conf/${name}/accept_ra`))
      assert.deepEqual(values, ['1', '0'])
    }))

  test(`${plugin.name} ADD leaves a host that forwards already as it is`, () =>
    withLab(async (lab) => {
      lab.ipam = dualStack
      ip(lab.host, 'link', 'add', 'up0', 'type', 'bridge')
      const values: Record<string, string> = {
        'ipv4/ip_forward': '1',
        'ipv4/conf/up0/forwarding': '0',
        'ipv6/conf/all/forwarding': '2',
        'ipv6/conf/up0/forwarding': '0',
      }
      for (const [name, value] of Object.entries(values)) writeSysctl(lab.host.netns, `net/${name}`, value)
      await lab.add(plugin, config)
      for (const [name, value] of Object.entries(values)) assert.equal(sysctlOf(lab.host, name), value, name)
    }))
}

test('a prefix without a default route is enough to go on listening', () =>
  withRouter(async (lab) => {
    ip(lab.host, '-6', 'route', 'flush', 'proto', 'ra')
    assert.deepEqual(expiry(lab.host), [])
    await lab.add(bridge, config)
    assert.equal(sysctlOf(lab.host, 'ipv6/conf/up0/accept_ra'), '2')
  }))
