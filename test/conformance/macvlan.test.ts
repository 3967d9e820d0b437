import assert from 'node:assert/strict'
import type { CallOptions, Scene } from '../lab/scene.ts'
import type { JsonObject } from '../lab/witness.ts'
import { fixed, ranges, subnet4, subnet6 } from './bridge-network.ts'
import { type DifferentialOptions, sameAsReference, unlikeReference } from './differential.ts'

function network(keys: JsonObject = {}): JsonObject {
  const ipam = { type: 'host-local', ...subnet4 }
  return { cniVersion: '1.1.0', name: 'net1', type: 'macvlan', master: 'net0', deterministicMac: false, ipam, ...keys }
}

function layer2(keys: JsonObject = {}): JsonObject {
  const { ipam: _, ...config } = network(keys)
  return config
}

const options: DifferentialOptions = { containerDad: false }

/** The network that the host is on: `net0`, with an MTU of 1400. */
function connect(scene: Scene): void {
  scene.shell(`
    ip link add net0 mtu 1400 address 02:00:00:00:00:01 type veth peer name far0 mtu 1400 address 02:00:00:00:00:02
    ip address add 10.1.2.100/24 dev net0
    ip link set net0 up
    ip link set far0 up`)
}

function lifetime(scene: Scene, config: JsonObject, options: CallOptions = {}): void {
  connect(scene)
  scene.lifetime(config, options)
}

const networks: Record<string, JsonObject> = {
  'an IPv4 address': network(),
  'IPv4 and IPv6': network({ ipam: ranges(subnet4, subnet6) }),
  'IPv6 alone': network({ ipam: ranges(subnet6) }),
  'mode bridge': network({ mode: 'bridge' }),
  'mode private': network({ mode: 'private' }),
  'mode vepa': network({ mode: 'vepa' }),
  'mode passthru': network({ mode: 'passthru' }),
  'a smaller MTU': network({ mtu: 1300 }),
  'the MTU of the master': network({ mtu: 1400 }),
  'a broadcast queue': network({ bcqueuelen: 123 }),
  routes: network({
    ipam: { ...ranges(subnet4), routes: [{ dst: '0.0.0.0/0' }, { dst: '172.16.0.0/12', gw: '10.1.2.9' }] },
  }),
  'name servers': network({ dns: { nameservers: ['9.9.9.9'] } }),
  'two addresses in one subnet': network({ ipam: fixed('10.1.2.7/24', '10.1.2.8/24') }),
}
for (const [what, config] of Object.entries(networks))
  sameAsReference(`macvlan: a network with ${what}`, (scene) => lifetime(scene, config), options)

sameAsReference(
  'macvlan: a network without IPAM',
  (scene) => {
    connect(scene)
    scene.add(layer2())
    scene.show()
    scene.check(layer2())
    scene.call('STATUS', layer2())
    scene.del(layer2())
    scene.show()
  },
  options,
)

unlikeReference(
  'macvlan: name servers that IPAM gives',
  (scene) => {
    connect(scene)
    scene.shell('echo nameserver 1.2.3.4 >/run/resolv.conf')
    return scene.add(network({ ipam: { ...ranges(subnet4), resolvConf: '/run/resolv.conf' } }))
  },
  {
    containerDad: false,
    judge: (ours, theirs) => {
      assert.equal(theirs['dns'], undefined)
      assert.deepEqual(ours['dns'], { nameservers: ['1.2.3.4'] })
    },
  },
)

const environment = { args: 'IgnoreUnknown=1;MAC=02:00:00:00:00:0c' }
const askedMacs: [string, JsonObject, CallOptions][] = [
  ['mac', { mac: '02:00:00:00:00:0A' }, {}],
  ['runtimeConfig.mac', { runtimeConfig: { mac: '02:00:00:00:00:0b' } }, {}],
  ['CNI_ARGS', {}, environment],
  ['CNI_ARGS before mac', { mac: '02:00:00:00:00:0a' }, environment],
  [
    'runtimeConfig.mac before all others',
    { mac: '02:00:00:00:00:0a', runtimeConfig: { mac: '02:00:00:00:00:0b' } },
    environment,
  ],
  ['args.cni.mac, which does not count', { args: { cni: { mac: '02:00:00:00:00:0a' } } }, {}],
]
for (const [way, keys, callOptions] of askedMacs)
  sameAsReference(
    `macvlan: a hardware address asked for by ${way}`,
    (scene) => lifetime(scene, network(keys), callOptions),
    options,
  )

for (const cniVersion of ['0.1.0', '0.2.0', '0.3.0', '0.3.1', '0.4.0', '1.0.0', null])
  sameAsReference(
    `macvlan: the result and the commands of version ${cniVersion}`,
    (scene) => {
      connect(scene)
      const config = network({ cniVersion, ipam: ranges(subnet4, subnet6) })
      scene.add(config)
      scene.check(config)
      scene.call('STATUS', config)
      scene.del(config)
    },
    options,
  )

const masters: Record<string, string> = {
  'the only default route': 'ip route add default via 10.1.2.99',
  'the IPv6 default route': 'ip -6 route add default via fe80::1 dev net0',
  'the better of two default routes':
    'ip link add net1 type veth peer name far1; ip link set net1 up; ip route add default dev net1 metric 9; ip route add default dev net0 metric 5',
  'no default route': 'true',
  'a default route in another table': 'ip route add default via 10.1.2.99 table 7; ip rule add table 7 priority 9',
}
for (const [what, script] of Object.entries(masters))
  sameAsReference(
    `macvlan: the master by ${what}`,
    (scene) => {
      connect(scene)
      scene.shell(script)
      scene.add(network({ master: '' }))
      scene.show()
      scene.check(network({ master: '' }))
    },
    options,
  )

sameAsReference(
  'macvlan: a master in the container',
  (scene) => {
    scene.inContainer(`
      ip link add net0 type veth peer name far0
      ip link set net0 up
      ip link set far0 up
      ip route add default dev net0`)
    for (const config of [network({ linkInContainer: true }), network({ linkInContainer: true, master: '' })]) {
      scene.add(config)
      scene.show()
      scene.check(config)
      scene.del(config)
    }
    scene.call('ADD', network())
    scene.show()
  },
  options,
)

sameAsReference('macvlan refuses what it cannot read', (scene) => {
  connect(scene)
  const keys: JsonObject[] = [{ mtu: '1500' }, { mode: 1 }, { bcqueuelen: -1 }, { bcqueuelen: 1.5 }, { mac: 3 }]
  for (const command of ['ADD', 'CHECK', 'DEL', 'STATUS']) for (const each of keys) scene.call(command, network(each))
  scene.call('DEL', network(), { args: 'FOO=1' })
  scene.show()
})

sameAsReference('macvlan ADD and CHECK refuse what cannot be', (scene) => {
  connect(scene)
  for (const command of ['ADD', 'CHECK']) {
    scene.call(command, network({ mtu: 1401 }))
    scene.call(command, network({ mtu: -1 }))
    scene.call(command, network(), { args: 'FOO=1' })
    scene.call(command, network(), { netns: '/run/netns/absent' })
  }
  scene.call('ADD', network({ mode: 'source' }))
  scene.call('ADD', network({ mode: 'Bridge' }))
  scene.call('ADD', network({ mac: 'zz' }))
  scene.call('ADD', network({ ipam: { type: 'absent' } }), { ifName: 'eth9' })
})

sameAsReference(
  'macvlan ADD of an interface that is there already leaves it alone',
  (scene) => {
    connect(scene)
    scene.inContainer('ip link add eth0 address 02:00:00:00:00:05 type bridge')
    scene.call('ADD', network())
    scene.show()
  },
  options,
)

sameAsReference(
  'macvlan DEL again, without the master, without the interface, and without the namespace',
  (scene) => {
    connect(scene)
    const config = network()
    scene.del(config)
    scene.add(config)
    scene.inContainer('ip link delete eth0')
    scene.del(config)
    scene.add(config)
    scene.shell('ip link delete net0')
    scene.del(config)
    scene.del(config, { netns: '' })
    scene.show()
    scene.shell('ip netns delete c1')
    scene.del(config)
    scene.look('ls /var/lib/cni/networks/net1')
  },
  options,
)

/** What can have happened to an attachment since its ADD, and what CHECK says to that. */
const damages: Record<string, [script: string, message?: RegExp]> = {
  nothing: ['true'],
  'the interface is gone': ['ip -n c1 link delete eth0', /^Cannot find container link eth0$/],
  'the interface is another kind': [
    'ip -n c1 link delete eth0; ip -n c1 link add eth0 type bridge',
    /^Interface eth0 is of kind bridge instead of macvlan$/,
  ],
  'the interface has another mode': [
    'ip -n c1 link set eth0 type macvlan mode private',
    /^Interface eth0 has macvlan mode 1 instead of 4$/,
  ],
  'the interface has another hardware address': [
    'ip -n c1 link set eth0 address 02:00:00:00:00:11',
    /^Interface eth0 Mac 02:00:00:00:00:11 doesn't match expected Mac ..:/,
  ],
  'the address is gone': ['ip -n c1 address flush dev eth0', /^Failed to match addr 10\.1\.2\.2\/24 on interface/],
  'the default route is gone': ['ip -n c1 route delete default', /^Expected Route \{Dst:.*\} not found/],
  'the master is gone': ['ip link delete net0', /^failed to lookup master "net0": Link not found$/],
  'the MTU of the master is smaller': ['ip link set net0 mtu 1000'],
  'the lease is gone': ['rm /var/lib/cni/networks/net1/10.1.2.2', /^host-local: Failed to find address added by/],
}
for (const [what, [script, message]] of Object.entries(damages))
  unlikeReference(
    `macvlan CHECK when ${what}`,
    (scene) => {
      connect(scene)
      const config = network({ ipam: { ...ranges(subnet4), routes: [{ dst: '0.0.0.0/0' }] } })
      scene.add(config)
      scene.shell(script)
      return scene.check(config)
    },
    {
      containerDad: false,
      judge: (ours, theirs) => {
        assert.equal(ours.status, theirs.status, `${ours.stdout}, reference ${theirs.stdout}`)
        if (message) assert.match(JSON.parse(ours.stdout).msg, message)
        else assert.equal(ours.stdout, '')
      },
    },
  )

for (const [what, script] of Object.entries({
  'that IPAM refuses': `echo '{"code": 11, "msg": "try later"}'; exit 1`,
  'to which IPAM gives no address': `echo '{"cniVersion": "1.1.0"}'`,
  'whose route cannot be': `[ "$CNI_COMMAND" != ADD ] || echo '{"cniVersion": "1.1.0", "ips": [{"address": "10.1.2.2/24"}], "routes": [{"dst": "10.0.0.0/8", "gw": "172.16.0.1"}]}'`,
}))
  unlikeReference(
    `macvlan ADD ${what} leaves no interface`,
    (scene) => {
      connect(scene)
      scene.install('ipam', `echo "$CNI_COMMAND" >>/run/calls\n${script}`)
      const { stdout } = scene.call('ADD', network({ ipam: { type: 'ipam' } }))
      const links = scene.inContainer('ip -brief link')
      return { stdout, links, calls: scene.shell('cat /run/calls').split('\n') }
    },
    {
      judge: (ours, theirs) => {
        assert.match(ours.stdout, /"msg"/)
        assert.match(theirs.links, /eth0/)
        assert.doesNotMatch(ours.links, /eth0|veth/)
        assert.deepEqual(ours.calls, what === 'that IPAM refuses' ? ['ADD', ''] : ['ADD', 'DEL', ''])
      },
    },
  )
