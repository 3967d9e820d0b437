import assert from 'node:assert/strict'
import type { Reply, SceneOptions } from '../lab/scene.ts'
import type { JsonObject } from '../lab/witness.ts'
import { fixed, ranges, subnet4, subnet6 } from './bridge-network.ts'
import { sameAsReference, unlikeReference } from './differential.ts'

function network(keys: JsonObject = {}): JsonObject {
  const ipam = { type: 'host-local', ...subnet4 }
  return { cniVersion: '1.1.0', name: 'net1', type: 'ptp', deterministicMac: false, ipam, ...keys }
}

/** Nobody looks for duplicates where the host is the only neighbour. */
const options: SceneOptions = { containerDad: false }

const networks: Record<string, JsonObject> = {
  'an IPv4 address': network(),
  'an IPv6 address': network({ ipam: ranges(subnet6) }),
  'IPv4 and IPv6': network({ ipam: ranges(subnet4, subnet6) }),
  'an MTU': network({ mtu: 1400 }),
  'an MTU below 0': network({ mtu: -1 }),
  'a gateway that IPAM chose': network({ ipam: { type: 'host-local', ...subnet4, gateway: '10.1.2.254' } }),
  'a gateway outside of the subnet': network({ ipam: { type: 'host-local', ...subnet4, gateway: '169.254.1.1' } }),
  'a default route': network({
    ipam: { ...ranges(subnet4, subnet6), routes: [{ dst: '0.0.0.0/0' }, { dst: '::/0' }] },
  }),
  'routes with and without a gateway': network({
    ipam: { ...ranges(subnet4), routes: [{ dst: '192.168.0.0/16' }, { dst: '172.16.0.0/12', gw: '10.1.2.1' }] },
  }),
  'routes through other addresses of the subnets': network({
    ipam: {
      ...ranges(subnet4, subnet6),
      routes: [
        { dst: '172.16.0.0/12', gw: '10.1.2.9' },
        { dst: 'fd99::/16', gw: 'fd00:1:2::9' },
      ],
    },
  }),
  'name servers': network({ dns: { nameservers: ['9.9.9.9'] } }),
}
for (const [what, config] of Object.entries(networks))
  sameAsReference(`ptp: a network with ${what}`, (scene) => scene.lifetime(config), options)

for (const cniVersion of ['0.1.0', '0.2.0', '0.3.0', '0.3.1', '0.4.0', '1.0.0', null])
  sameAsReference(
    `ptp: the result and the commands of version ${cniVersion}`,
    (scene) => {
      const config = network({ cniVersion })
      scene.add(config)
      scene.check(config)
      scene.call('STATUS', config)
      scene.del(config)
    },
    options,
  )

sameAsReference(
  'ptp: two containers behind one gateway',
  (scene) => {
    const config = network()
    scene.add(config)
    scene.add(config, { container: 'c2' })
    scene.show()
    scene.del(config, { container: 'c2' })
    scene.show()
  },
  { ...options, containers: ['c1', 'c2'] },
)

sameAsReference(
  'ptp DEL again, without the interface, and without the namespace',
  (scene) => {
    const config = network()
    scene.del(config)
    scene.add(config)
    scene.inContainer('ip link delete eth0')
    scene.del(config)
    scene.del(config)
    scene.add(config)
    scene.del(config, { netns: '' })
    scene.show()
    scene.shell('ip netns delete c1')
    scene.del(config)
    scene.look('ls /var/lib/cni/networks/net1')
  },
  options,
)

sameAsReference('ptp refuses what it cannot read, and does without CNI_ARGS', (scene) => {
  for (const command of ['ADD', 'CHECK', 'DEL', 'STATUS'])
    for (const keys of [{ mtu: '1500' }, { ipMasq: 1 }, { mtu: 1.5 }]) scene.call(command, network(keys))
  scene.call('ADD', network({ ipam: { type: '' } }))
  scene.call('DEL', network({ ipam: {} }))
  scene.call('STATUS', network({ ipam: null }))
  scene.call('ADD', network({ ipam: { type: 'absent' } }))
  scene.call('DEL', network(), { args: 'FOO=1' })
  scene.show()
})

sameAsReference('ptp ADD of an interface that is there already keeps the first attachment', (scene) => {
  const config = network()
  scene.add(config)
  scene.inContainer('ip link set eth0 name eth1; ip link add eth0 type bridge')
  scene.call('ADD', { ...config, ipam: fixedWithGateway('10.1.2.9/24') })
  scene.look('ip -brief link | wc -l; ip -n c1 -brief link | wc -l')
})

for (const [what, netns] of Object.entries({ 'is not there': '/run/netns/absent', 'is a plain file': '/run/file' }))
  sameAsReference(`ptp ADD and CHECK with a namespace that ${what}`, (scene) => {
    scene.shell('echo >/run/file')
    scene.call('ADD', network(), { netns })
    scene.call('CHECK', network(), { netns })
    scene.look('find /var/lib -name "10.*"')
  })

function fixedWithGateway(address: string): JsonObject {
  return { type: 'static', addresses: [{ address, gateway: '10.1.2.1' }] }
}

/** What can have happened to an attachment since its ADD, and what CHECK says to that. */
const damages: Record<string, [script: string, message?: RegExp]> = {
  nothing: ['true'],
  'the interface is gone': ['ip -n c1 link delete eth0', /^Cannot find container link eth0$/],
  'the interface is another kind': [
    'ip -n c1 link delete eth0; ip -n c1 link add eth0 type bridge',
    /^Interface eth0 is of kind bridge instead of veth$/,
  ],
  'the interface has another hardware address': [
    'ip -n c1 link set eth0 address 02:00:00:00:00:01',
    /^Interface eth0 Mac 02:00:00:00:00:01 doesn't match expected Mac ..:/,
  ],
  'the address is gone': ['ip -n c1 address flush dev eth0', /^Failed to match addr 10\.1\.2\.2\/24 on interface/],
  'the default route is gone': ['ip -n c1 route delete default', /^Expected Route \{Dst:.*\} not found/],
  'the lease is gone': ['rm /var/lib/cni/networks/net1/10.1.2.2', /^host-local: Failed to find address added by/],
}
for (const [what, [script, message]] of Object.entries(damages))
  unlikeReference(
    `ptp CHECK when ${what}`,
    (scene) => {
      const config = network({ ipam: { ...ranges(subnet4), routes: [{ dst: '0.0.0.0/0' }] } })
      scene.add(config)
      scene.shell(script)
      return scene.check(config)
    },
    {
      judge: (ours, theirs) => {
        assert.equal(ours.status, theirs.status, `${ours.stdout}, reference ${theirs.stdout}`)
        if (message) assert.match(JSON.parse(ours.stdout).msg, message)
        else assert.equal(ours.stdout, '')
      },
    },
  )

unlikeReference(
  'ptp ADD that fails leaves no interface, and no address taken',
  (scene) => {
    scene.install(
      'recorder',
      `
      echo "$CNI_COMMAND" >>/run/calls
      [ "$CNI_COMMAND" != ADD ] || echo '{"cniVersion": "1.1.0", "ips": [{"address": "10.1.2.2/24"}]}'`,
    )
    const reply: Reply = scene.call('ADD', network({ ipam: { type: 'recorder' } }))
    return {
      ...reply,
      calls: scene.shell('cat /run/calls'),
      links: scene.shell('ip -brief link | grep -c veth || true'),
    }
  },
  {
    judge: (ours, theirs) => {
      assert.deepEqual([ours.status, theirs.status], [1, 1])
      assert.deepEqual([ours.calls, theirs.calls], ['ADD\nDEL\n', 'ADD\nDEL\n'])
      assert.equal(ours.links, '0\n')
      assert.match(
        JSON.parse(ours.stdout).msg,
        /^Cannot attach "eth0": the IPAM plugin gave address 10\.1\.2\.2\/24 without a gateway/,
      )
    },
  },
)

unlikeReference(
  'ptp ADD with two addresses in one subnet',
  (scene) => {
    const addresses = ['10.1.2.7/24', '10.1.2.8/24'].map((address) => ({ address, gateway: '10.1.2.1' }))
    const config = network({ ipam: { ...fixed(), addresses } })
    return { ...scene.call('ADD', config), routes: scene.shell('ip -4 route show') }
  },
  {
    judge: (ours, theirs) => {
      assert.equal(theirs.status, 1, theirs.stdout)
      assert.equal(ours.status, 0, ours.stdout)
      assert.match(ours.routes, /10\.1\.2\.7 dev veth.*\n10\.1\.2\.8 dev veth/)
    },
  },
)

unlikeReference(
  'ptp: of two networks with a default route the first one keeps it',
  (scene) => {
    const routes = [{ dst: '0.0.0.0/0' }]
    scene.add(network({ ipam: { ...ranges(subnet4), routes } }))
    scene.add(network({ name: 'net2', ipam: { ...ranges({ subnet: '10.3.0.0/24' }), routes } }), { ifName: 'eth1' })
    return scene.inContainer('ip -4 route get 192.0.2.1')
  },
  {
    judge: (ours, theirs) => {
      assert.match(ours, /^192\.0\.2\.1 via 10\.1\.2\.1 dev eth0 /)
      assert.match(theirs, /^192\.0\.2\.1 via 10\.3\.0\.1 dev eth1 /)
    },
  },
)
