import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseIP } from '@patchbay/address'
import { ping } from '@patchbay/linux/packet'
import { bridge } from '@patchbay/plugins/bridge'
import type { TestNamespace } from '../lab/namespace-fixture.ts'
import { type PluginLab, withLab } from '../lab/plugin-lab.ts'
import { ip, type JsonObject } from '../lab/witness.ts'

const config: JsonObject = { bridge: 'cni0', isDefaultGateway: true, ipam: { type: 'ipam' } }

function address(last: number, gateway = 'fe80::1'): JsonObject {
  return { cniVersion: '1.1.0', ips: [{ address: `fd00:1::${last}/64`, gateway }] }
}

/** Until the kernel has found that nobody else has an address, nobody is answered. */
async function reaches({ netns }: TestNamespace, to: string): Promise<void> {
  for (let attempt = 1; ; attempt++)
    try {
      await ping({ netns, to: parseIP(to), timeoutMs: 500 })
      return
    } catch (error) {
      if (attempt === 20) throw error
    }
}

function subnetRoutes({ host }: PluginLab): string {
  return ip(host, '-6', 'route', 'show', 'fd00:1::/64').trim()
}

test('bridge ADD with a link-local gateway: host and containers reach each other, and containers the rest of the host', () =>
  withLab(async (lab) => {
    ip(lab.host, 'link', 'set', 'lo', 'up')
    ip(lab.host, 'address', 'add', '2001:db8::1/128', 'dev', 'lo')
    lab.ipam = address(3)
    await lab.add(bridge, config)
    // The bridge has the link-local address of the kernel by now.
    lab.ipam = address(4)
    await lab.add(bridge, config, { container: lab.other, containerId: 'c2' })
    assert.match(subnetRoutes(lab), /^fd00:1::\/64 dev cni0 [^\n]*$/)
    assert.match(ip(lab.container, '-6', 'route', 'show', 'default'), /^default via fe80::1 dev eth0 /)
    await reaches(lab.host, 'fd00:1::3')
    await reaches(lab.host, 'fd00:1::4')
    await reaches(lab.container, 'fd00:1::4')
    await reaches(lab.container, '2001:db8::1')
  }))

test('bridge ADD keeps the link-local address of the kernel beside a link-local gateway, with forceAddress too', () =>
  withLab(async (lab) => {
    ip(lab.host, 'link', 'add', 'cni0', 'type', 'bridge')
    ip(lab.host, 'address', 'add', 'fe80::77/64', 'dev', 'cni0')
    lab.ipam = address(3)
    await lab.add(bridge, { ...config, forceAddress: true })
    const shown = ip(lab.host, '-6', 'address', 'show', 'dev', 'cni0')
    for (const own of ['fe80::77/64', 'fe80::1/64']) assert.ok(shown.includes(own), shown)
  }))

test('bridge ADD brings back the route to the subnet after the bridge was set down', () =>
  withLab(async (lab) => {
    lab.ipam = address(3)
    await lab.add(bridge, config)
    ip(lab.host, 'link', 'set', 'cni0', 'down')
    assert.equal(subnetRoutes(lab), '')
    lab.ipam = address(4)
    await lab.add(bridge, config, { container: lab.other, containerId: 'c2' })
    assert.match(subnetRoutes(lab), /^fd00:1::\/64 dev cni0 /)
  }))

test('bridge ADD with an IPv4 gateway outside of the subnet: the host reaches the container', () =>
  withLab(async (lab) => {
    lab.ipam = { cniVersion: '1.1.0', ips: [{ address: '10.1.2.3/24', gateway: '169.254.1.1' }] }
    await lab.add(bridge, { ...config, isDefaultGateway: false, isGateway: true })
    ip(lab.container, 'route', 'add', '169.254.1.1', 'dev', 'eth0')
    await reaches(lab.host, '10.1.2.3')
  }))

test('bridge ADD with a gateway in the subnet makes no route of its own', () =>
  withLab(async (lab) => {
    lab.ipam = address(3, 'fd00:1::1')
    await lab.add(bridge, config)
    assert.match(subnetRoutes(lab), /^fd00:1::\/64 dev cni0 proto kernel [^\n]*$/)
  }))

test('bridge ADD fails and leaves nothing when the subnet of a link-local gateway is reached by another link', () =>
  withLab(async (lab) => {
    ip(lab.host, 'link', 'add', 'other0', 'up', 'type', 'bridge')
    ip(lab.host, 'route', 'add', 'fd00:1::/64', 'dev', 'other0')
    lab.ipam = address(3)
    const { document } = await lab.call(bridge, 'ADD', config)
    assert.match(String(document['msg']), /^failed to add route fd00:1::\/64 dev cni0: file exists/)
    assert.deepEqual(lab.calls, ['ADD ipam', 'DEL ipam'])
  }))

test('bridge ADD of many containers at once on a new bridge with a link-local gateway', () =>
  withLab(async (lab) => {
    const calls = Array.from({ length: 8 }, (_, index) => {
      const addresses = [{ address: `fd00:1::${index + 10}/64`, gateway: 'fe80::1' }]
      return lab.add(
        bridge,
        { ...config, isDefaultGateway: false, isGateway: true, ipam: { type: 'static', addresses } },
        { ifName: `eth${index}`, containerId: `c${index}` },
      )
    })
    await Promise.all(calls)
    assert.match(subnetRoutes(lab), /^fd00:1::\/64 dev cni0 [^\n]*$/)
  }))
