import type { Scene } from '../lab/scene.ts'
import type { JsonObject } from '../lab/witness.ts'
import { sameAsReference } from './differential.ts'

const mac = '02:00:00:00:00:aa'

function config(keys: JsonObject = {}, cniVersion = '1.0.0'): JsonObject {
  return { cniVersion, name: 'net1', type: 'tuning', ...keys }
}

function prevResult(cniVersion = '1.0.0'): JsonObject {
  return {
    cniVersion,
    interfaces: [
      { name: 'far' },
      { name: 'eth0', mac: '02:00:00:00:00:01', sandbox: '/run/netns/c1' },
      { name: 'eth1', mac: '02:00:00:00:00:02', sandbox: '/run/netns/c1' },
    ],
    ips: [{ ...(cniVersion < '1' && { version: '4' }), address: '10.0.0.2/24', interface: 1 }],
  }
}

function attach(scene: Scene): void {
  scene.inContainer('ip link add name eth0 type veth peer name far; ip link set eth0 address 02:00:00:00:00:01 up')
}

const everything = { mac, mtu: 1400, promisc: true, allmulti: true, txQLen: 500 }

for (const version of ['0.3.0', '0.3.1', '0.4.0', '1.0.0', '1.1.0'])
  sameAsReference(`tuning: the commands of version ${version}`, (scene) => {
    attach(scene)
    const chained = { prevResult: prevResult(version) }
    scene.call('ADD', config(everything, version), chained)
    scene.show()
    for (const command of ['CHECK', 'STATUS', 'DEL']) scene.call(command, config(everything, version), chained)
    scene.show()
    scene.call('DEL', config(everything, version), chained)
    scene.look('ls -A /run/cni/tuning')
  })

/** What a configuration asks for, and CNI_ARGS. */
const sources: readonly (readonly [JsonObject, string?])[] = [
  [{ mac }],
  [{ mac }, 'MAC=02:00:00:00:00:bb'],
  [{ mac, runtimeConfig: { mac: '02:00:00:00:00:cc' } }, 'MAC=02:00:00:00:00:bb'],
  [
    { mac, runtimeConfig: { mac: '02:00:00:00:00:cc' }, args: { cni: { mac: '02:00:00:00:00:dd' } } },
    'MAC=02:00:00:00:00:bb',
  ],
  [{ mtu: 1400, args: { cni: { mtu: 1300, promisc: true, allmulti: true, txQLen: 7 } } }],
  [{ sysctl: { 'net.ipv4.conf.IFNAME.log_martians': '1', 'net/core/somaxconn': '321' } }],
  [{ sysctl: { 'net.core.somaxconn': '321' }, args: { cni: { sysctl: { 'net.core.somaxconn': '322' } } } }],
  [{ allmulti: false, promisc: false, txQLen: 0 }],
  [{ mtu: 0, mac: '' }],
  [{ dataDir: '/run/elsewhere', mtu: 1400 }],
  [{ sysctl: { 'net.core.nothing': '1' } }],
  [{ sysctl: { 'net.core.somaxconn': 'x' } }],
  [{ sysctl: { 'kernel.domainname': 'x' } }],
  [{ sysctl: null }],
  [{ mac: 'x' }],
  [{}, 'MAC=x'],
  [{}, 'X=1'],
]
for (const [keys, args] of sources)
  sameAsReference(`tuning: ${JSON.stringify(keys)} ${args ?? ''}`, (scene) => {
    attach(scene)
    const options = { prevResult: prevResult(), ...(args !== undefined && { args }) }
    scene.call('ADD', config(keys), options)
    scene.show()
    scene.call('CHECK', config(keys), options)
    scene.call('DEL', config(keys), options)
    scene.show()
  })

/** Configurations that cannot be decoded. */
const wrong: readonly JsonObject[] = [
  { mac: 5 },
  { mtu: '1500' },
  { promisc: 1 },
  { allmulti: 'x' },
  { txQLen: 1.5 },
  { sysctl: [] },
  { sysctl: { 'net.core.somaxconn': 1 } },
  { dataDir: 1 },
  { args: { cni: { mtu: 'x' } } },
  { args: { cni: 5 } },
  { runtimeConfig: { mac: 1 } },
]
sameAsReference(
  'tuning: what is wrong with a configuration',
  (scene) => {
    attach(scene)
    for (const keys of wrong)
      for (const command of ['ADD', 'CHECK', 'DEL']) scene.call(command, config(keys), { prevResult: prevResult() })
  },
  // The reference decodes the sysctls twice, and first into a type of its own.
  { allowed: [/"failed to load netconf: json: .* TuningConf\.sysctl .*", reference "json: .* sysctlCheck\.sysctl /] },
)

sameAsReference('tuning: what is missing', (scene) => {
  for (const command of ['ADD', 'CHECK', 'DEL']) scene.call(command, config({ mtu: 1400 }))
  for (const command of ['ADD', 'DEL']) scene.call(command, config({ mtu: 1400 }), { prevResult: prevResult() })
  scene.call('DEL', config({ mtu: 1400 }), { prevResult: prevResult(), netns: '' })
  const twice = `{"cniVersion":"1.0.0","name":"n","type":"tuning","sysctl":{"net.core.somaxconn":"1","net.core.somaxconn":"2"}}`
  for (const command of ['ADD', 'CHECK']) scene.call(command, twice, { plugin: 'tuning' })
})
