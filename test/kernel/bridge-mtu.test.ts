import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseIP } from '@patchbay/address'
import { ping } from '@patchbay/linux/packet'
import { bridge } from '@patchbay/plugins/bridge'
import type { TestNamespace } from '../lab/namespace-fixture.ts'
import { type PluginLab, withLab } from '../lab/plugin-lab.ts'
import { ip, ipJsonOne, type JsonObject } from '../lab/witness.ts'

function config(address: string, keys: JsonObject = {}): JsonObject {
  return { bridge: 'cni0', isGateway: true, ipam: { type: 'static', addresses: [{ address }] }, ...keys }
}

const small = config('10.1.2.3/24', { mtu: 1000 })

function mtuOf(place: TestNamespace, name: string): unknown {
  return ipJsonOne(place, 'link', 'show', 'dev', name)['mtu']
}

/** The IPv6 addresses of the bridge. */
function ipv6(lab: PluginLab): string {
  return ip(lab.host, '-6', '-brief', 'address', 'show', 'dev', 'cni0')
}

test('a bridge that others use for IPv6 keeps it when a container with a smaller MTU comes', () =>
  withLab(async (lab) => {
    await lab.add(bridge, config('fd00:1::3/64'), { container: lab.other, containerId: 'c2' })
    const { status, stderr } = await lab.call(bridge, 'ADD', small)
    assert.equal(status, 0)
    assert.equal(
      stderr,
      'Cannot give the port of "cni0" an MTU of 1000 (key "mtu"): the bridge would lose its IPv6 addresses; the port has 1280\n',
    )
    assert.deepEqual([mtuOf(lab.container, 'eth0'), mtuOf(lab.host, 'cni0')], [1000, 1280])
    assert.match(ipv6(lab), / fd00:1::1\/64 /)
    await ping({ netns: lab.other.netns, to: parseIP('fd00:1::1'), timeoutMs: 5000 })
    await ping({ netns: lab.container.netns, to: parseIP('10.1.2.1'), timeoutMs: 5000 })
    await lab.del(bridge, small)
    assert.equal(mtuOf(lab.host, 'cni0'), 1500)
  }))

test('a bridge that has no IPv6 but the link-local address of the kernel takes the MTU of its ports', () =>
  withLab(async (lab) => {
    await lab.add(bridge, config('10.1.2.4/24'), { container: lab.other, containerId: 'c2' })
    const { status, stderr } = await lab.call(bridge, 'ADD', small)
    assert.deepEqual([status, stderr], [0, ''])
    assert.deepEqual([mtuOf(lab.container, 'eth0'), mtuOf(lab.host, 'cni0')], [1000, 1000])
  }))

test('a bridge whose MTU somebody has set keeps it', () =>
  withLab(async (lab) => {
    await lab.add(bridge, config('fd00:1::3/64'), { container: lab.other, containerId: 'c2' })
    ip(lab.host, 'link', 'set', 'cni0', 'mtu', '1400')
    await lab.call(bridge, 'ADD', small)
    assert.equal(mtuOf(lab.host, 'cni0'), 1400)
    assert.match(ipv6(lab), / fd00:1::1\/64 /)
  }))
