import assert from 'node:assert/strict'
import type { CallOptions, Scene } from '../lab/scene.ts'
import type { JsonObject } from '../lab/witness.ts'
import { fixed, layer2, network, ranges, subnet4, subnet6 } from './bridge-network.ts'
import { sameAsReference, unlikeReference } from './differential.ts'

/** Configurations that are refused before anything is done, whatever the command. */
const badForAll: Record<string, JsonObject> = {
  'a VLAN below 0': layer2({ vlan: -1 }),
  'a VLAN above 4094': layer2({ vlan: 4095 }),
  'a trunk that begins at 0': layer2({ vlanTrunk: [{ minID: 0, maxID: 3 }] }),
  'a trunk that ends above 4094': layer2({ vlanTrunk: [{ minID: 1, maxID: 4095 }] }),
  'a trunk that ends before it begins': layer2({ vlanTrunk: [{ minID: 9, maxID: 3 }] }),
  'a trunk without a beginning': layer2({ vlanTrunk: [{ maxID: 3 }] }),
  'a trunk without an end': layer2({ vlanTrunk: [{ minID: 3 }] }),
  'a trunk of VLAN 0': layer2({ vlanTrunk: [{ id: 0 }] }),
  'a trunk of VLAN 5000': layer2({ vlanTrunk: [{ id: 1 }, { id: 5000 }] }),
  'text for a switch': layer2({ portIsolation: 'true' }),
  'text for a number': layer2({ mtu: '1500' }),
  'a fraction for an integer': layer2({ mtu: 1.5 }),
  'an object for a list': layer2({ vlanTrunk: {} }),
  'a number for a name': layer2({ bridge: 1 }),
  'a number for a hardware address': layer2({ runtimeConfig: { mac: 5 } }),
}

sameAsReference('bridge refuses for every command', (scene) => {
  for (const command of ['ADD', 'CHECK', 'DEL', 'STATUS'])
    for (const config of Object.values(badForAll)) scene.call(command, config)
  scene.show()
})

sameAsReference('bridge ADD refuses what excludes each other', (scene) => {
  scene.call('ADD', network({ disableContainerInterface: true }))
  scene.call('ADD', layer2({ hairpinMode: true, promiscMode: true }))
  scene.show()
})

sameAsReference('bridge ADD refuses a malformed hardware address, and an MTU out of range', (scene) => {
  scene.call('ADD', network({ mtu: -1 }))
  scene.call('DEL', network({ runtimeConfig: { mac: 'zz' } }))
  scene.call('ADD', network({ runtimeConfig: { mac: 'zz' } }))
  scene.call('ADD', network({ runtimeConfig: { mac: '02:00:00:00:00:00:00:01' } }))
  scene.call('ADD', network({ mtu: 100000 }))
})

sameAsReference('bridge refuses CNI_ARGS that it cannot read', (scene) => {
  for (const args of ['FOO=1', 'ip=1.2.3.4', 'a', 'MAC=1=2', 'MAC=02:00:00:00:00:01;', 'IgnoreUnknown=x'])
    for (const command of ['ADD', 'CHECK', 'DEL']) scene.call(command, network(), { args })
})

sameAsReference('bridge reports a bridge that cannot be made', (scene) => {
  scene.shell('ip link add cni0 type veth peer name other')
  scene.call('ADD', network())
  scene.show()
})

const withoutNetns: Record<string, CallOptions> = {
  'a namespace that is not there': { netns: '/run/netns/absent' },
  'a file that is no namespace': { netns: '/run/file' },
}
for (const [what, options] of Object.entries(withoutNetns))
  sameAsReference(`bridge ADD and CHECK with ${what}`, (scene) => {
    scene.shell('echo >/run/file')
    scene.call('ADD', network(), options)
    scene.call('CHECK', network(), options)
    scene.look('ls /var/lib/cni 2>&1 || true')
  })

sameAsReference('bridge DEL again, without the interface, and without the namespace', (scene) => {
  const config = network({ isGateway: true })
  scene.del(config)
  scene.add(config)
  scene.inContainer('ip link delete eth0')
  scene.del(config)
  scene.del(config)
  scene.show()
  scene.add(config)
  scene.shell('ip netns delete c1')
  scene.del(config)
  scene.look('ls /var/lib/cni/networks/net1')
})

sameAsReference('bridge DEL with an empty namespace releases the address alone', (scene) => {
  const config = network({ isGateway: true })
  scene.add(config)
  scene.del(config, { netns: '' })
  scene.show()
})

sameAsReference('bridge ADD of an interface that is there already keeps the first attachment', (scene) => {
  const config = network({ isGateway: true })
  scene.add(config)
  scene.call('ADD', config)
  scene.show()
  scene.check(config)
})

const conflicts: Record<string, [string, JsonObject]> = {
  'another IPv4 address': ['10.7.7.1/24', network({ isGateway: true })],
  'the same IPv4 address in another network': ['10.1.2.1/16', network({ isGateway: true })],
  'an IPv6 address in the same network': ['fd00:1:2::9/64', network({ isGateway: true, ipam: ranges(subnet6) })],
  'an IPv6 address in a larger network': ['fd00:1::9/32', network({ isGateway: true, ipam: ranges(subnet6) })],
  'an IPv6 address in another network': ['fd00:9::9/64', network({ isGateway: true, ipam: ranges(subnet6) })],
  'the address itself': ['10.1.2.1/24', network({ isGateway: true })],
}
for (const [what, [address, config]] of Object.entries(conflicts)) {
  const prepare = (scene: Scene) =>
    scene.shell(`
      ip link add cni0 address 02:00:00:00:00:09 type bridge
      ip link set cni0 up
      ip address add ${address} dev cni0`)
  sameAsReference(`bridge ADD to a bridge that has ${what}: the reply`, (scene) => {
    prepare(scene)
    scene.call('ADD', config)
    scene.look('ip -oneline address show dev cni0 scope global')
  })
  sameAsReference(`bridge ADD to a bridge that has ${what}, with forceAddress`, (scene) => {
    prepare(scene)
    scene.add({ ...config, forceAddress: true })
    scene.show()
  })
}

unlikeReference(
  'bridge ADD that IPAM refuses leaves no interface',
  (scene) => {
    scene.install('full', `echo '{"code": 11, "msg": "try later"}'; exit 1`)
    const { stdout } = scene.call('ADD', network({ ipam: { type: 'full' } }))
    return { stdout, links: scene.shell('ip -brief link | cut -d" " -f1 | grep veth || true') }
  },
  {
    judge: (ours, theirs) => {
      assert.equal(ours.stdout, theirs.stdout)
      assert.equal(ours.links, '')
      assert.match(theirs.links, /veth/)
    },
  },
)

unlikeReference(
  'bridge DEL: an IPAM plugin that may need the interface finds it, as dhcp does to tell its server',
  (scene) => {
    const result = '{"cniVersion": "1.0.0", "ips": [{"address": "10.9.0.2/24", "gateway": "10.9.0.1"}]}'
    const look = 'nsenter --net="$CNI_NETNS" ip -brief link show "$CNI_IFNAME" 2>&1 | grep -c ^eth0 >/run/seen || true'
    scene.install('server', `case $CNI_COMMAND in ADD) echo '${result}' ;; DEL) ${look} ;; esac`)
    const config = network({ ipam: { type: 'server' } })
    const replies = [scene.call('ADD', config), scene.call('DEL', config)]
    return { statuses: replies.map(({ status }) => status), seen: scene.shell('cat /run/seen').trim() }
  },
  {
    judge: (ours, theirs) => {
      assert.deepEqual(ours, { statuses: [0, 0], seen: '1' })
      assert.deepEqual(theirs, { statuses: [0, 0], seen: '0' })
    },
  },
)

unlikeReference(
  'bridge ADD takes a default route of IPAM without a gateway for the one of isDefaultGateway',
  (scene) => {
    const ipam = { type: 'host-local', ...subnet4, routes: [{ dst: '0.0.0.0/0' }] }
    const reply = scene.call('ADD', network({ isDefaultGateway: true, ipam }))
    return { ...reply, routes: scene.inContainer('ip -4 route show') }
  },
  {
    judge: (ours, theirs) => {
      assert.match(theirs.stdout, /file exists/)
      assert.equal(ours.status, 0)
      assert.match(ours.routes, /^default via 10\.1\.2\.1 dev eth0/)
    },
  },
)

unlikeReference(
  'bridge ADD gives a bridge all IPv4 gateways of a network',
  (scene) => {
    const config = network({ isGateway: true, ipam: fixed('10.1.2.3/24', '10.3.0.3/24') })
    return { ...scene.call('ADD', config), addresses: scene.shell('ip -4 -brief address show dev cni0') }
  },
  {
    judge: (ours, theirs) => {
      assert.match(theirs.stdout, /already has an IP address different from 10\.3\.0\.1\/24/)
      assert.equal(ours.status, 0, ours.stdout)
      assert.match(ours.addresses, /10\.1\.2\.1\/24 10\.3\.0\.1\/24/)
    },
  },
)

unlikeReference(
  'bridge ADD of a gateway to a bridge that has lost its ports',
  (scene) => {
    scene.add(layer2())
    scene.del(layer2())
    return scene.call('ADD', network({ isGateway: true }))
  },
  {
    judge: (ours, theirs) => {
      assert.match(theirs.stdout, /could not set bridge's mac: invalid argument/)
      assert.equal(ours.status, 0, ours.stdout)
    },
  },
)

unlikeReference(
  'bridge DEL with a file that is no namespace still releases the address',
  (scene) => {
    const config = network({ isGateway: true })
    scene.add(config)
    scene.shell('echo >/run/file')
    const { stdout } = scene.del(config, { netns: '/run/file' })
    return { message: JSON.parse(stdout).msg, leases: scene.shell('ls /var/lib/cni/networks/net1') }
  },
  {
    judge: (ours, theirs) => {
      assert.equal(ours.message, theirs.message)
      assert.doesNotMatch(ours.leases, /10\.1\.2\.2/)
      assert.match(theirs.leases, /10\.1\.2\.2/)
    },
  },
)

unlikeReference(
  'bridge ADD gives the kernel the MTU and the MSS of a route',
  (scene) => {
    const routes = [{ dst: '10.99.0.0/16', mtu: 1400, advmss: 1300 }]
    scene.add(network({ ipam: { ...ranges(subnet4), routes } }))
    return scene.inContainer('ip route show 10.99.0.0/16')
  },
  {
    judge: (ours, theirs) => {
      assert.match(ours, /mtu 1400 advmss 1300/)
      assert.doesNotMatch(theirs, /mtu|advmss/)
    },
  },
)
