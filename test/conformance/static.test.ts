import type { CallOptions } from '../lab/scene.ts'
import type { JsonObject } from '../lab/witness.ts'
import { sameAsReference } from './differential.ts'

function network(ipam: JsonObject, keys: JsonObject = {}): JsonObject {
  return { cniVersion: '1.1.0', name: 'net1', type: 'main', ipam: { type: 'static', ...ipam }, ...keys }
}

const options: CallOptions = { plugin: 'static' }
const addresses = [
  { address: '10.1.2.3/24', gateway: '10.1.2.254' },
  { address: 'fd00:1::3/64', gateway: 'fd00:1::1' },
]
const routes = [
  { dst: '0.0.0.0/0' },
  { dst: '192.168.0.7/16', gw: '10.10.5.1', mtu: 1400, advmss: 1300, priority: 7, table: 0, scope: 0 },
  { dst: '::/0', gw: 'fd00:1::9' },
]
const dns = { nameservers: ['8.8.8.8'], domain: 'example.com', search: ['a.b'], options: ['ndots:1'] }

for (const cniVersion of ['0.1.0', '0.2.0', '0.3.0', '0.3.1', '0.4.0', '1.0.0', '1.1.0', null])
  sameAsReference(`static: the commands of version ${cniVersion}`, (scene) => {
    const config = network({ addresses, routes, dns }, { cniVersion })
    scene.add(config, options)
    for (const command of ['CHECK', 'DEL', 'STATUS', 'GC']) scene.call(command, config, options)
    scene.check(config, options)
    scene.del(config, options)
  })

/** What differs between two calls: keys of the configuration beside `ipam`, or CNI_ARGS. */
const sources: [JsonObject, string?][] = [
  [{}, 'IP=10.9.0.9/24'],
  [{}, 'IP=10.9.0.9/24,fd09::9/64'],
  [{}, 'IP= 10.9.0.9/24 , fd09::9/64'],
  [{}, 'IP=10.9.0.9/24;GATEWAY=10.9.0.1'],
  [{}, 'GATEWAY=10.9.0.1;IP=10.9.0.9/24,10.8.0.8/24'],
  [{}, 'IP=10.9.0.9/24,fd09::9/64;GATEWAY=10.9.0.1,fd09::1'],
  [{}, 'GATEWAY=10.1.2.7'],
  [{}, 'IP='],
  [{}, 'IgnoreUnknown=1;FOO=2;IP=10.9.0.9/24'],
  [{}, 'IP=10.9.0.9'],
  [{}, 'IP=x'],
  [{}, 'IP=10.9.0.9/24;GATEWAY=x'],
  [{}, 'FOO=1'],
  [{}, 'ip=10.9.0.9/24'],
  [{ args: { cni: { ips: ['10.7.0.7/24'] } } }],
  [{ args: { cni: { ips: ['10.7.0.7/24'] } } }, 'IP=10.9.0.9/24'],
  [{ args: { cni: { ips: [] } } }],
  [{ args: { cni: { ips: ['10.7.0.7'] } } }],
  [{ args: {} }],
  [{ args: null }],
  [{ runtimeConfig: { ips: ['10.6.0.6/24', 'fd06::6/64'] } }],
  [{ args: { cni: { ips: ['10.7.0.7/24'] } }, runtimeConfig: { ips: ['10.6.0.6/24'] } }],
  [{ runtimeConfig: { ips: [] } }],
  [{ runtimeConfig: { ips: ['x'] } }],
  [{ runtimeConfig: { ips: ['10.6.0.6/24'] } }, 'IP=bad'],
  [{ args: { cni: { ips: ['bad'] } }, runtimeConfig: { ips: ['10.6.0.6/24'] } }],
]
sameAsReference('static: every source of addresses', (scene) => {
  for (const [keys, args] of sources)
    scene.call('ADD', network({ addresses, routes }, keys), args === undefined ? options : { ...options, args })
})

const ipams: (JsonObject | null)[] = [
  {},
  { addresses: [] },
  { addresses: null },
  { addresses: [{ address: '10.1.2.3' }] },
  { addresses: [{ address: 'x' }] },
  { addresses: [{ address: '' }] },
  { addresses: [{ address: '10.1.2.3/33' }] },
  { addresses: [{ address: '10.1.2.3/24', gateway: 'x' }] },
  { addresses: [{ address: '10.1.2.3/24', gateway: '' }] },
  { addresses: [{ address: '10.1.2.3/24', gateway: '10.99.0.1' }] },
  { addresses: [{ address: '10.1.2.3/24' }, { address: '10.1.2.3/24' }] },
  { addresses: [{ address: '::ffff:10.1.2.3/120' }] },
  { addresses: [{ address: '010.1.2.3/24' }] },
  { addresses: [{ ADDRESS: '10.1.2.3/24' }] },
  { addresses: 'x' },
  { addresses: [1] },
  { addresses: [{ address: 1 }] },
  { routes: [{ dst: 'x' }] },
  { routes: [{ dst: '10.0.0.0/8', gw: 'x' }] },
  { routes: 1 },
  { dns: 1 },
  { dns: { nameservers: 'x' } },
]
sameAsReference('static: configurations that are odd or wrong', (scene) => {
  for (const command of ['ADD', 'CHECK', 'DEL'])
    for (const ipam of ipams) scene.call(command, network(ipam ?? {}), options)
})

sameAsReference('static: keys that are for the plugin that calls it', (scene) => {
  for (const keys of [{ dns: [] }, { dns: { nameservers: 'x' } }, { capabilities: { portMappings: 'x' } }])
    for (const command of ['ADD', 'DEL', 'STATUS']) scene.call(command, network({ addresses }, keys), options)
})

sameAsReference('static: arguments of a wrong type', (scene) => {
  for (const keys of [{ runtimeConfig: 'x' }, { runtimeConfig: { ips: 'x' } }, { args: 'x' }, { args: { cni: 'x' } }])
    scene.call('ADD', network({ addresses }, keys), options)
})

sameAsReference('static: no IPAM configuration at all', (scene) => {
  for (const ipam of [null, 1, 'x', []])
    for (const command of ['ADD', 'CHECK', 'DEL']) scene.call(command, { ...network({}), ipam }, options)
})

sameAsReference('static: more addresses than a result before 0.3.0 has room for', (scene) => {
  const several = [...addresses, { address: '10.4.4.4/24' }]
  for (const cniVersion of ['0.1.0', '0.2.0', '0.3.0', '1.0.0', null])
    scene.call('ADD', network({ addresses: several }, { cniVersion }), options)
  scene.call('ADD', network({ addresses: [] }, { cniVersion: '0.2.0' }), options)
})

const results: JsonObject[] = [
  { ips: [{ address: '10.1.2.3/24', gateway: '10.1.2.254' }] },
  { ips: [{ address: '10.1.2.3/24', gateway: '10.1.2.1' }] },
  { ips: [{ address: '10.1.2.3/24' }] },
  { ips: [{ address: '10.1.2.3/16', gateway: '10.1.2.1' }] },
  { ips: [{ address: '10.1.2.4/24', gateway: '10.1.2.1' }] },
  { ips: [] },
  {},
]
sameAsReference('static: CHECK of results', (scene) => {
  for (const result of results)
    scene.call('CHECK', network({ addresses }), { ...options, prevResult: { cniVersion: '1.1.0', ...result } })
  scene.call('CHECK', network({ addresses: [{ address: '10.1.2.3/24' }] }), {
    ...options,
    prevResult: { cniVersion: '1.1.0', ips: [{ address: '10.1.2.3/24', gateway: '10.1.2.1' }] },
  })
})
