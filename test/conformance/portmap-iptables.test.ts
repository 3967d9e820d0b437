import assert from 'node:assert/strict'
import { attached, showRules } from '../lab/iptables-rules.ts'
import type { Scene } from '../lab/scene.ts'
import type { JsonObject } from '../lab/witness.ts'
import { type DifferentialOptions, sameAsReference, unlikeReference } from './differential.ts'
import { dual, mapping, port, web } from './portmap-network.ts'

/** ADD, CHECK and DEL with the result that the configuration has. */
function lifetime(scene: Scene, config: JsonObject): void {
  scene.call('ADD', config)
  showRules(scene)
  scene.call('CHECK', config)
  scene.call('DEL', config)
  showRules(scene)
}

const many = Array.from({ length: 17 }, (_, index) => port(9000 + index, 80 + index))
const published: Record<string, JsonObject> = {
  'a port': mapping([web]),
  'tcp, udp and sctp': mapping([web, port(53, 53, { protocol: 'udp' }), port(9899, 9899, { protocol: 'sctp' })]),
  'several ports in another order': mapping([port(8081, 81), web, port(7000, 70, { protocol: 'udp' }), port(1, 1)]),
  'more ports than a rule can name': mapping([...many, port(9, 9, { protocol: 'udp' })]),
  'addresses of the host': mapping([
    port(8080, 80, { hostIP: '10.9.9.9' }),
    port(8081, 81, { hostIP: 'fd00::9' }),
    port(8082, 82, { hostIP: '0.0.0.0' }),
    port(8083, 83, { hostIP: '::' }),
    port(8084, 84, { hostIP: '127.0.0.1' }),
    port(8085, 85, { hostIP: '' }),
  ]),
  'no masquerading': mapping([web], { snat: false }),
  'masquerading of all': mapping([web], { masqAll: true }),
  'another mark': mapping([web], { markMasqBit: 5 }),
  'the highest mark': mapping([web], { markMasqBit: 31 }),
  'the lowest mark': mapping([web], { markMasqBit: 0 }),
  conditions: mapping([web], { conditionsV4: ['!', '-d', '192.0.2.0/24'], conditionsV6: ['-s', 'fd01::/64'] }),
  'conditions that are empty': mapping([web], { conditionsV4: [], conditionsV6: null, snat: null }),
  'an IPv4 address alone': mapping([web], { prevResult: attached('10.1.2.2/24') }),
  'an IPv6 address alone': mapping([web], { prevResult: attached('fd00:1:2::2/64') }),
  'two addresses of one family': mapping([web], { prevResult: attached('10.1.2.2/24', '10.1.2.3/24') }),
  'a name that just fits into a comment': mapping([web], { name: 'n'.repeat(233) }),
  'keys in another case': mapping([], {
    RUNTIMECONFIG: { PORTMAPPINGS: [{ HostPort: 1, containerport: 2, protocol: 'tcp' }] },
  }),
}
for (const [what, config] of Object.entries(published))
  sameAsReference(`portmap: ${what}`, (scene) => lifetime(scene, config))

sameAsReference('portmap: a chain of others that marks packets', (scene) => {
  scene.shell('iptables -t nat -N KUBE-MARK-MASQ; ip6tables -t nat -N KUBE-MARK-MASQ')
  lifetime(scene, mapping([web], { externalSetMarkChain: 'KUBE-MARK-MASQ' }))
})

sameAsReference('portmap: rules go behind those of others', (scene) => {
  scene.shell(`
    for chain in PREROUTING OUTPUT POSTROUTING; do iptables -t nat -A $chain -m comment --comment kube -j RETURN; done`)
  scene.call('ADD', mapping([web]))
  scene.call('ADD', mapping([port(8081, 80)], { prevResult: attached('10.1.2.3/24') }), { containerId: 'c2' })
  showRules(scene)
  scene.call('DEL', mapping([web]))
  showRules(scene)
})

sameAsReference('portmap: no mappings, nothing done', (scene) => {
  for (const command of ['ADD', 'CHECK'])
    for (const runtimeConfig of [{}, null, { portMappings: null }, { portMappings: [] }])
      scene.call(command, mapping([], { runtimeConfig }))
  showRules(scene)
})

sameAsReference('portmap: whose addresses are published', (scene) => {
  const interfaces = [{ name: 'eth0' }, { name: 'eth1', sandbox: '/x' }, { name: 'eth0', sandbox: '/x' }]
  const ips = (...list: [string, number?][]) =>
    list.map(([address, index]) => (index === undefined ? { address } : { address, interface: index }))
  const results: JsonObject[] = [
    { interfaces, ips: ips(['10.1.2.1/24', 0], ['10.1.2.2/24', 1], ['10.1.2.3/24', 2], ['10.1.2.4/24']) },
    { interfaces, ips: ips(['10.1.2.5/24', 7], ['10.1.2.4/24', 2]) },
    { interfaces, ips: ips(['10.1.2.6/24', 1]) },
    { ips: ips(['10.1.2.7/24'], ['fd00::7/64']) },
    {},
  ]
  for (const prevResult of results) {
    scene.call('ADD', mapping([web], { prevResult: { cniVersion: '1.1.0', ...prevResult } }))
    showRules(scene)
    scene.call('DEL', mapping([web]))
  }
})

for (const cniVersion of ['0.1.0', '0.2.0', '0.3.0', '0.3.1', '0.4.0', '1.0.0', null])
  sameAsReference(`portmap: the result of version ${cniVersion}`, (scene) => {
    const old = ['0.1.0', '0.2.0', null].includes(cniVersion)
    const ips = [{ version: '4', interface: 2, address: '10.1.2.2/24' }]
    const prevResult = old ? { ip4: { ip: '10.1.2.2/24' }, dns: {} } : { ...dual, cniVersion, ips }
    const config = mapping([web], { cniVersion, prevResult })
    for (const command of ['ADD', 'CHECK', 'STATUS', 'GC', 'DEL']) scene.call(command, config)
    showRules(scene)
  })

/** The reference decodes some of them in another order. */
const refusals: JsonObject[] = [
  { prevResult: null },
  { runtimeConfig: { portMappings: [port(0, 80)] } },
  { runtimeConfig: { portMappings: [port(80, 0)] } },
  { runtimeConfig: { portMappings: [port(-1, -1)] } },
  { runtimeConfig: { portMappings: [{ ...web, hostPort: '80' }] } },
  { runtimeConfig: { portMappings: [{ ...web, containerPort: 1.5 }] } },
  { backend: 'x' },
  { backend: '' },
  { markMasqBit: 32 },
  { markMasqBit: -1 },
  { markMasqBit: '13' },
  { markMasqBit: 13, externalSetMarkChain: 'K' },
  { backend: 'nftables', conditionsV4: ['-s', '1.2.3.4'] },
  { backend: 'iptables', conditionsV6: ['ip6', 'saddr'] },
  { conditionsV4: ['ip', 'saddr'] },
  { backend: 'nftables', externalSetMarkChain: 'K' },
  { backend: 'nftables', conditionsV4: ['-s'], conditionsV6: ['!'], externalSetMarkChain: 'K' },
  { conditionsV4: '-s' },
  { snat: 'yes' },
]
/** DEL goes on without it, where the reference fails. */
const unreadable: JsonObject = { prevResult: { ips: 5 } }
sameAsReference('portmap refuses what it cannot publish', (scene) => {
  for (const keys of refusals) for (const command of ['ADD', 'CHECK', 'DEL']) scene.call(command, mapping([web], keys))
  for (const keys of [unreadable, { ...unreadable, backend: 'x', markMasqBit: 99 }])
    for (const command of ['ADD', 'CHECK']) scene.call(command, mapping([web], keys))
  showRules(scene)
})

unlikeReference(
  'portmap: DEL goes on without a result that it cannot read',
  (scene) => scene.call('DEL', mapping([web], unreadable)).status,
  {
    judge: (ours, theirs) => assert.deepEqual([ours, theirs], [0, 1]),
  },
)

const anyMessage: DifferentialOptions = { allowed: [/reply: error\/msg: /] }
sameAsReference(
  'portmap CHECK notices rules that are missing',
  (scene) => {
    const config = mapping([web, port(8081, 81)])
    const damages = [
      'iptables -t nat -F CNI-HOSTPORT-DNAT',
      'iptables -t nat -D CNI-DN-c2d892b58e87e28a12fe6 3',
      'ip6tables -t nat -F CNI-HOSTPORT-DNAT; ip6tables -t nat -F CNI-DN-c2d892b58e87e28a12fe6',
      'true',
    ]
    for (const damage of damages) {
      scene.call('ADD', config)
      scene.shell(damage)
      scene.call('CHECK', config)
    }
  },
  anyMessage,
)

sameAsReference('portmap CHECK notices a chain that is missing', (scene) => {
  scene.call('CHECK', mapping([web]))
  scene.call('CHECK', mapping([web], { prevResult: attached('fd00:1:2::2/64') }))
})

sameAsReference('portmap: packets from 127.0.0.1 may leave by the link to the container', (scene) => {
  scene.shell(`
    ip link add cni0 up type bridge
    ip address add 10.1.2.1/24 dev cni0`)
  scene.call('ADD', mapping([web], { snat: false }))
  scene.look('cat /proc/sys/net/ipv4/conf/cni0/route_localnet')
  scene.call('ADD', mapping([web]))
  scene.look('cat /proc/sys/net/ipv4/conf/*/route_localnet')
  scene.call('DEL', mapping([web]))
  scene.look('cat /proc/sys/net/ipv4/conf/*/route_localnet')
})

sameAsReference('portmap: one container may publish a port in two networks, and two under conditions', (scene) => {
  scene.call('ADD', mapping([web]))
  scene.call('ADD', mapping([web], { name: 'net2' }))
  const apart = (source: string) => ({ conditionsV4: ['-s', source], prevResult: attached('10.1.2.9/24') })
  scene.call('ADD', mapping([web], apart('192.0.2.0/24')), { containerId: 'c2' })
  scene.call('ADD', mapping([web], apart('198.51.100.0/24')), { containerId: 'c3' })
  showRules(scene)
})
