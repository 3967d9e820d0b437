import assert from 'node:assert/strict'
import type { CallOptions } from '../lab/scene.ts'
import type { JsonObject } from '../lab/witness.ts'
import { fixed, layer2, network, ranges, subnet4, subnet6 } from './bridge-network.ts'
import { sameAsReference, unlikeReference } from './differential.ts'

/** ADD, CHECK and DEL, with a look at everything after each change. */
const networks: Record<string, JsonObject> = {
  'a gateway': network({ isGateway: true }),
  'a default gateway': network({ isDefaultGateway: true }),
  'no gateway': network(),
  'the default name of the bridge': network({ bridge: null, isGateway: true }),
  'an MTU': network({ isGateway: true, mtu: 1400 }),
  'hairpin mode': network({ hairpinMode: true }),
  'promiscuous mode': network({ promiscMode: true }),
  'port isolation': network({ portIsolation: true }),
  'hairpin mode and port isolation': network({ hairpinMode: true, portIsolation: true }),
  'IPv6 alone': network({ isDefaultGateway: true, ipam: ranges(subnet6) }),
  'IPv4 and IPv6': network({ isDefaultGateway: true, ipam: ranges(subnet4, subnet6) }),
  'IPv4 and IPv6 without a gateway': network({ ipam: ranges(subnet4, subnet6) }),
  'two IPv6 addresses': network({ isDefaultGateway: true, ipam: ranges(subnet6, { subnet: 'fd00:3::/64' }) }),
  'duplicate address detection': network({ isDefaultGateway: true, enabledad: true, ipam: ranges(subnet6) }),
  'addresses that IPAM gave no gateway': network({
    isDefaultGateway: true,
    ipam: fixed('10.1.2.77/24', 'fd00::77/64'),
  }),
  'two addresses in one subnet': network({ ipam: fixed('10.1.2.77/24', '10.1.2.78/24') }),
  'the gateway of IPAM': network({ isGateway: true, ipam: { type: 'host-local', ...subnet4, gateway: '10.1.2.254' } }),
  'routes with and without a gateway': network({
    isGateway: true,
    ipam: {
      type: 'host-local',
      ...subnet4,
      routes: [{ dst: '192.168.0.0/16' }, { dst: '172.16.0.0/12', gw: '10.1.2.9' }, { dst: '0.0.0.0/0' }],
    },
  }),
  'a default route of IPAM with a gateway': network({
    isDefaultGateway: true,
    ipam: { type: 'host-local', ...subnet4, routes: [{ dst: '0.0.0.0/0', gw: '10.1.2.1' }] },
  }),
  'routes with a metric and a scope': network({
    ipam: {
      type: 'host-local',
      ...subnet4,
      routes: [
        { dst: '10.99.0.0/16', priority: 77 },
        { dst: '10.98.0.0/16', gw: '10.1.2.1', priority: 5 },
      ],
    },
  }),
  'name servers of its own': network({ dns: { nameservers: ['9.9.9.9'], search: ['a.b'], domain: 'c', options: [] } }),
  'a single name server list that is empty': network({ dns: { nameservers: [] }, ipam: ranges(subnet4) }),
}

for (const [what, config] of Object.entries(networks))
  sameAsReference(`bridge: a network with ${what}`, (scene) => scene.lifetime(config))

sameAsReference('bridge: a container interface that stays down', (scene) => {
  const config = layer2({ disableContainerInterface: true })
  scene.add(config)
  scene.show()
  scene.del(config)
  scene.show()
})

for (const cniVersion of ['0.1.0', '0.2.0', '0.3.0', '0.3.1', '0.4.0', '1.0.0', '1.1.0', null])
  sameAsReference(`bridge: the result and the commands of version ${cniVersion}`, (scene) => {
    const ipam = { ...ranges(subnet4, subnet6), routes: [{ dst: '10.9.0.0/16' }, { dst: 'fd99::/16' }] }
    const config = network({ cniVersion, isDefaultGateway: true, ipam, dns: { domain: 'a' } })
    scene.add(config)
    scene.check(config)
    scene.call('STATUS', config)
    scene.call('GC', config)
    scene.del(config)
  })

sameAsReference('bridge: name servers that IPAM gives', (scene) => {
  scene.shell('echo nameserver 1.2.3.4 >/run/resolv.conf')
  const ipam = { type: 'host-local', ...subnet4, resolvConf: '/run/resolv.conf' }
  scene.add(network({ ipam, isGateway: true }))
  scene.add(network({ ipam, isGateway: true, dns: { search: ['x'] } }), { ifName: 'eth1' })
})

const asked = {
  args: { args: { cni: { mac: '02:00:00:00:00:0A' } } },
  runtimeConfig: { runtimeConfig: { mac: '02:00:00:00:00:0b' } },
}
const environment = { args: 'IgnoreUnknown=1;MAC=02:00:00:00:00:0c' }
const askedMacs: [string, JsonObject, CallOptions][] = [
  ['args.cni.mac', asked.args, {}],
  ['runtimeConfig.mac', asked.runtimeConfig, {}],
  ['CNI_ARGS', {}, environment],
  ['args.cni.mac before CNI_ARGS', asked.args, environment],
  ['runtimeConfig.mac before all others', { ...asked.args, ...asked.runtimeConfig }, environment],
  ['an empty runtimeConfig.mac', { runtimeConfig: { mac: '' } }, environment],
]
for (const [way, keys, options] of askedMacs)
  sameAsReference(`bridge: a hardware address asked for by ${way}`, (scene) =>
    scene.lifetime(network({ isGateway: true, ...keys }), options),
  )

for (const type of ['bridge', 'macvlan'])
  sameAsReference(`${type}: arguments of a wrong type`, (scene) => {
    for (const keys of [{ runtimeConfig: 'x' }, { runtimeConfig: { mac: 5 } }, { args: 'x' }, { args: { cni: 'x' } }])
      scene.call('ADD', layer2({ type, master: 'lo', ...keys }))
  })

sameAsReference('bridge: an existing bridge with an MTU, an address and a port', (scene) => {
  scene.shell(`
    ip link add cni0 mtu 1300 type bridge
    ip link set cni0 up
    ip address add 10.1.2.1/24 brd + dev cni0
    ip link add port0 address 02:00:00:00:00:01 master cni0 up type veth peer name port1
    ip link set port1 up`)
  scene.lifetime(network({ isGateway: true, mtu: 1400, promiscMode: true }))
})

sameAsReference(
  'bridge: two containers, the second on the bridge of the first',
  (scene) => {
    const config = network({ isDefaultGateway: true })
    scene.add(config)
    scene.add(config, { container: 'c2' })
    scene.show()
    scene.check(config, { container: 'c2' })
    scene.del(config, { container: 'c2' })
    scene.show()
  },
  { containers: ['c1', 'c2'] },
)

sameAsReference('bridge: two interfaces of one container on two networks', (scene) => {
  scene.add(network({ isGateway: true }))
  scene.add(network({ name: 'net2', bridge: 'cni1', isGateway: true, ipam: ranges({ subnet: '10.3.0.0/24' }) }), {
    ifName: 'eth1',
  })
  scene.show()
})

sameAsReference('bridge: STATUS asks IPAM', (scene) => {
  scene.install('ready', 'exit 0')
  scene.install('full', `echo '{"code": 50, "msg": "no addresses", "details": "none"}'; exit 1`)
  scene.call('STATUS', network({ ipam: { type: 'ready' } }))
  scene.call('STATUS', network({ ipam: { type: 'full' } }))
  scene.call('STATUS', network({ ipam: { type: 'absent' } }))
  scene.call('STATUS', layer2())
  scene.call('STATUS', network({ mtu: 'x' }))
})

unlikeReference(
  'bridge: of two networks with a default route the first one keeps it',
  (scene) => {
    const second = { name: 'net2', bridge: 'cni1', ipam: ranges({ subnet: '10.3.0.0/24' }) }
    scene.add(network({ isDefaultGateway: true }))
    scene.add(network({ ...second, isDefaultGateway: true }), { ifName: 'eth1' })
    const routes = scene.inContainer('ip -4 route show default')
    const used = scene.inContainer('ip -4 route get 192.0.2.1')
    return { routes: routes.trim().split(/ *\n/), used }
  },
  {
    judge: (ours, theirs) => {
      const [first, second] = ['default via 10.1.2.1 dev eth0', 'default via 10.3.0.1 dev eth1']
      assert.deepEqual(ours.routes, [first, second])
      assert.deepEqual(theirs.routes, [second, first])
      assert.match(ours.used, /^192\.0\.2\.1 via 10\.1\.2\.1 dev eth0 /)
      assert.match(theirs.used, /^192\.0\.2\.1 via 10\.3\.0\.1 dev eth1 /)
    },
  },
)
