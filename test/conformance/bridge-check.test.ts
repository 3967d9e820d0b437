import assert from 'node:assert/strict'
import type { Reply } from '../lab/scene.ts'
import type { JsonObject } from '../lab/witness.ts'
import { layer2, network, ranges, subnet4, subnet6 } from './bridge-network.ts'
import { sameAsReference, unlikeReference } from './differential.ts'

/** The host's end of the only pair. */
const hostEnd = '$(ip -brief link show type veth | cut -d@ -f1)'

/** What can have happened to an attachment since its ADD, as a script for the host, and what CHECK says to that. */
const damages: Record<string, [script: string, message?: RegExp]> = {
  nothing: ['true'],
  'the container interface is gone': ['ip -n c1 link delete eth0', /^Cannot find container link eth0$/],
  'the container interface is another kind': [
    'ip -n c1 link delete eth0; ip -n c1 link add eth0 type bridge',
    /^Interface eth0 is of kind bridge instead of veth$/,
  ],
  'the container interface has another hardware address': [
    'ip -n c1 link set eth0 address 02:00:00:00:00:01',
    /^Interface eth0 Mac 02:00:00:00:00:01 doesn't match expected Mac ..:/,
  ],
  'the IPv4 address is gone': [
    'ip -n c1 address delete 10.1.2.2/24 dev eth0',
    /^Failed to match addr 10\.1\.2\.2\/24 on interface eth0$/,
  ],
  'the IPv4 address has another prefix': [
    'ip -n c1 address delete 10.1.2.2/24 dev eth0; ip -n c1 address add 10.1.2.2/25 dev eth0',
    /^Failed to match addr 10\.1\.2\.2\/24 on interface eth0$/,
  ],
  'the IPv6 address is gone': [
    'ip -n c1 address delete fd00:1:2::2/64 dev eth0',
    /^Failed to match addr fd00:1:2::2\/64 on interface eth0$/,
  ],
  'the route to the network is gone': [
    'ip -n c1 route delete 10.1.2.0/24',
    /^Failed to find Gateway 10\.1\.2\.1 for interface eth0$/,
  ],
  'the IPv6 route to the network is gone': [
    'ip -n c1 -6 route delete fd00:1:2::/64',
    /^Failed to find Gateway fd00:1:2::1 for interface eth0$/,
  ],
  'a route of IPAM is gone': ['ip -n c1 route delete 10.99.0.0/16', /^Expected Route \{Dst:.*\} not found/],
  'a route of IPAM goes elsewhere': [
    'ip -n c1 route delete 10.99.0.0/16; ip -n c1 route add 10.99.0.0/16 via 10.1.2.77',
    /^Expected Route \{Dst:.*GW:10\.1\.2\.9 .*\} not found in routing table$/,
  ],
  'the default route is gone': ['ip -n c1 route delete default', /^Expected Route \{Dst:.*\} not found/],
  'the default route goes elsewhere': ['ip -n c1 route delete default; ip -n c1 route add default via 10.1.2.77'],
  'the bridge is gone': ['ip link delete cni0', /^CNI created bridge cni0 in host namespace was not found$/],
  'the bridge has another hardware address': [
    'ip link set cni0 address 02:00:00:00:00:02',
    /^Bridge interface cni0 Mac 02:00:00:00:00:02 doesn't match expected Mac ..:/,
  ],
  'the bridge is promiscuous': [
    'ip link set cni0 promisc on',
    /^Bridge interface cni0 configured Promisc Mode false doesn't match current state of true$/,
  ],
  'the host end has left the bridge': [
    `ip link set ${hostEnd} nomaster`,
    /^CNI veth created for bridge cni0 was not found$/,
  ],
  'the host end is on another bridge': [
    `ip link add other type bridge; ip link set ${hostEnd} master other`,
    /^CNI veth created for bridge cni0 was not found$/,
  ],
  'the host end has another hardware address': [
    `ip link set ${hostEnd} address 02:00:00:00:00:03`,
    /^Interface veth[0-9a-f]{8} Mac 02:00:00:00:00:03 doesn't match expected Mac ..:/,
  ],
  'the lease is gone': [
    'rm /var/lib/cni/networks/net1/10.1.2.2 /var/lib/cni/networks/net1/fd00*',
    /^host-local: Failed to find address added by container c1$/,
  ],
}

const full = network({
  isDefaultGateway: true,
  ipam: { ...ranges(subnet4, subnet6), routes: [{ dst: '10.99.0.0/16', gw: '10.1.2.9' }] },
})

/** Both agree on whether all is well; what is wrong they say in words of their own. */
function agree(ours: Reply, theirs: Reply, message: RegExp | undefined): void {
  assert.equal(ours.status, theirs.status, `${ours.stdout}, reference ${theirs.stdout}`)
  if (message === undefined) {
    assert.deepEqual([ours, theirs.stdout], [{ status: 0, stdout: '' }, ''])
    return
  }
  const [own, other] = [JSON.parse(ours.stdout), JSON.parse(theirs.stdout)]
  assert.equal(own.code, other.code)
  assert.match(own.msg, message)
}

for (const [what, [script, message]] of Object.entries(damages))
  unlikeReference(
    `bridge CHECK when ${what}`,
    (scene) => {
      scene.add(full)
      scene.shell(script)
      return scene.check(full)
    },
    { judge: (ours, theirs) => agree(ours, theirs, message) },
  )

/** What the reference does not find. */
const foundByOurs: Record<string, [script: string, message: RegExp]> = {
  'the bridge is down': ['ip link set cni0 down', /^Cannot use interface "cni0": it is down$/],
  'the bridge has lost its address': [
    'ip address flush dev cni0',
    /^Cannot find gateway address 10\.1\.2\.1\/24 on interface "cni0" of the host$/,
  ],
}

for (const [what, [script, message]] of Object.entries(foundByOurs))
  unlikeReference(
    `bridge CHECK when ${what}`,
    (scene) => {
      scene.add(full)
      scene.shell(script)
      return scene.check(full)
    },
    {
      judge: (ours, theirs) => {
        assert.deepEqual([ours.status, theirs.status], [1, 0])
        assert.match(JSON.parse(ours.stdout).msg, message)
      },
    },
  )

/** Results that are not those of the ADD, made of its three interfaces, and what CHECK says to them. */
const results: [(bridge: JsonObject, host: JsonObject, container: JsonObject) => JsonObject, RegExp?][] = [
  [() => ({ interfaces: [] }), /^CNI created bridge cni0 in host namespace was not found$/],
  [(bridge, host) => ({ interfaces: [bridge, host] }), /^Sandbox in prevResult {2}doesn't match configured netns: /],
  [(bridge, _, container) => ({ interfaces: [bridge, container] }), /^CNI veth created for bridge cni0 was not found$/],
  [(_, host, container) => ({ interfaces: [host, container] }), /^CNI created bridge cni0 in host namespace was not/],
  [
    (bridge, host, container) => ({ interfaces: [bridge, host, { ...container, sandbox: '/run/netns/other' }] }),
    /^Sandbox in prevResult \/run\/netns\/other doesn't match configured netns: \/run\/netns\/c1$/,
  ],
  [(bridge, host, container) => ({ interfaces: [bridge, host, { ...container, name: 'eth7' }] }), /^Sandbox in prev/],
  [
    (bridge, host, container) => ({ interfaces: [{ ...bridge, sandbox: '/run/netns/c1' }, host, container] }),
    /^CNI created bridge cni0 in host namespace was not found$/,
  ],
  [
    (_, host, container) => ({
      interfaces: [{ name: 'cni0' }, { name: host['name'] ?? '' }, { ...container, mac: '' }],
    }),
  ],
  [() => ({ ips: [] })],
  [() => ({ routes: [] })],
  [() => ({ cniVersion: '0.4.0' }), /^could not parse prevResult: result type supports \[1\.0\.0 1\.1\.0\] but/],
  [() => ({ cniVersion: '9.9.9' }), /^could not parse prevResult: result type supports \[1\.0\.0 1\.1\.0\] but/],
]

unlikeReference(
  'bridge CHECK of results that do not fit',
  (scene) => {
    const result = scene.add(full)
    // What ADD has just printed: three interfaces.
    const [bridge = {}, host = {}, container = {}] = result['interfaces'] as JsonObject[]
    return results.map(([change]) =>
      scene.check(full, { prevResult: { ...result, ...change(bridge, host, container) } }),
    )
  },
  {
    judge: (ours, theirs) => {
      for (const [index, reply] of ours.entries()) agree(reply, theirs[index] ?? reply, results[index]?.[1])
    },
  },
)

sameAsReference('bridge CHECK of another call than the ADD was', (scene) => {
  scene.add(full)
  scene.check(full, { prevResult: undefined })
  scene.check(full, { ifName: 'eth7' })
  scene.check(full, { containerId: 'other' })
  scene.check({ ...full, cniVersion: '0.3.1' })
  scene.check({ ...full, cniVersion: '1.0.0' })
})

unlikeReference(
  'bridge CHECK of a network without IPAM succeeds',
  (scene) => {
    scene.add(layer2())
    return scene.check(layer2())
  },
  {
    judge: (ours, theirs) => {
      assert.match(theirs.stdout, /no plugin name provided/)
      assert.deepEqual(ours, { status: 0, stdout: '' })
    },
  },
)

unlikeReference(
  'bridge CHECK does not mind how a hardware address is written, and looks for a route in its own table',
  (scene) => {
    const config = network({ ipam: { ...ranges(subnet4), routes: [{ dst: '10.99.0.0/16', table: 77 }] } })
    const { interfaces, ...result } = scene.add(config)
    const capitals = JSON.parse(
      JSON.stringify(interfaces).replace(/"mac":"[^"]*"/g, (mac) => mac.toUpperCase().replace('MAC', 'mac')),
    )
    const plain = network({ ipam: ranges(subnet4) })
    return [
      scene.check(plain, { prevResult: { ...result, routes: [], interfaces: capitals } }).status,
      scene.check(config).status,
    ]
  },
  {
    judge: (ours, theirs) =>
      assert.deepEqual(
        [ours, theirs],
        [
          [0, 0],
          [1, 1],
        ],
      ),
  },
)
