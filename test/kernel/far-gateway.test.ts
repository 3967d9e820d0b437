import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseIP } from '@patchbay/address'
import type { Plugin } from '@patchbay/cni/plugin'
import { ping } from '@patchbay/linux/packet'
import { bridge } from '@patchbay/plugins/bridge'
import { macvlan } from '@patchbay/plugins/macvlan'
import { eventually } from '../lab/namespace-fixture.ts'
import { type PluginLab, withLab } from '../lab/plugin-lab.ts'
import { ip, ipJson, type JsonObject } from '../lab/witness.ts'

/** Gateways that are in no network of the container's interface, and addresses of whose network nothing is left to be on. */
const cases: readonly { address: string; gateway: string; everything: string }[] = [
  { address: '10.1.2.3/24', gateway: '10.9.0.1', everything: '0.0.0.0/0' },
  { address: '10.1.2.3/32', gateway: '169.254.1.1', everything: '0.0.0.0/0' },
  { address: 'fd00:1::3/64', gateway: 'fd00:9::1', everything: '::/0' },
  { address: 'fd00:1::3/128', gateway: 'fd00:9::1', everything: '::/0' },
]

function connect({ host }: PluginLab): void {
  ip(host, 'link', 'add', 'net0', 'type', 'veth', 'peer', 'name', 'far0')
  for (const name of ['net0', 'far0']) ip(host, 'link', 'set', name, 'up')
}

const plugins: readonly { plugin: Plugin; keys: JsonObject }[] = [
  { plugin: bridge, keys: { bridge: 'cni0', isGateway: true } },
  { plugin: macvlan, keys: { master: 'net0' } },
]

for (const { plugin, keys } of plugins)
  for (const { address, gateway, everything } of cases)
    test(`${plugin.name} reaches gateway ${gateway} from ${address} by a route of its own`, () =>
      withLab(async (lab) => {
        connect(lab)
        const config = {
          ...keys,
          ipam: { type: 'static', addresses: [{ address, gateway }], routes: [{ dst: everything }] },
        }
        const prevResult = await lab.add(plugin, config)
        const family = gateway.includes(':') ? '-6' : '-4'
        const shown = (dst: string) => ipJson(lab.container, family, 'route', 'show', dst)[0]
        assert.equal(shown('default')?.['gateway'], gateway)
        assert.deepEqual([shown(gateway)?.['dev'], shown(gateway)?.['gateway']], ['eth0', undefined])
        assert.deepEqual(await lab.call(plugin, 'CHECK', { ...config, prevResult }), {
          status: 0,
          document: {},
          stderr: '',
        })
        if (plugin === bridge) await ping({ netns: lab.container.netns, to: parseIP(gateway), timeoutMs: 5000 })
        await lab.del(plugin, config)
      }))

test('bridge makes no route to a gateway that no route goes through, or that IPAM has a route to', () =>
  withLab(async (lab) => {
    const addresses = [{ address: '10.1.2.3/24', gateway: '10.9.0.1' }]
    for (const routes of [[], [{ dst: '10.9.0.0/24', gw: '0.0.0.0', scope: 253 }, { dst: '0.0.0.0/0' }]]) {
      const config = { bridge: 'cni0', isGateway: true, ipam: { type: 'static', addresses, routes } }
      await lab.add(bridge, config)
      assert.equal(ip(lab.container, 'route', 'show', '10.9.0.1'), '')
      await lab.del(bridge, config)
    }
  }))

test('bridge ADD tells what to do about a route whose own gateway is out of reach', () =>
  withLab(async (lab) => {
    const ipam = {
      type: 'static',
      addresses: [{ address: '10.1.2.3/24' }],
      routes: [{ dst: '10.8.0.0/16', gw: '10.9.0.1' }],
    }
    const { document } = await lab.call(bridge, 'ADD', { bridge: 'cni0', ipam })
    assert.match(
      String(document['msg']),
      /^failed to add route '10\.8\.0\.0\/16 via 10\.9\.0\.1 dev eth0 .* is unreachable: /,
    )
    assert.match(
      String(document['details']),
      /^Cannot reach gateway 10\.9\.0\.1: it is in no network of "eth0"; correct it \(key "gw"\), or /,
    )
    await eventually(() => !ip(lab.host, '-brief', 'link').includes('veth'), 'the pair to be gone')
  }))
