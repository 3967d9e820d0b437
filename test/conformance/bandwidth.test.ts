import type { Scene } from '../lab/scene.ts'
import type { JsonObject } from '../lab/witness.ts'
import { sameAsReference } from './differential.ts'

function config(keys: JsonObject = {}, cniVersion = '1.0.0'): JsonObject {
  return { cniVersion, name: 'net1', type: 'bandwidth', ...keys }
}

function prevResult(cniVersion = '1.0.0'): JsonObject {
  return { cniVersion, interfaces: [{ name: 'host' }, { name: 'eth0', sandbox: '/run/netns/c1' }] }
}

function attach(scene: Scene): void {
  scene.shell('ip link add name host type veth peer name eth0 netns c1; ip link set host up mtu 1400')
  scene.inContainer('ip link set eth0 up')
}

/** What tc(8) says of limits, without the kind of link, for which nothing of them is reckoned. */
function look(scene: Scene): void {
  scene.look(
    `tc -details qdisc show | sed 's/ linklayer .*//; s/bwp[0-9a-f]*/IFB/'; ip -o link show type ifb | grep -o "bwp[^:]*" || true`,
  )
}

const limits = { ingressRate: 8_000_000, ingressBurst: 80_000, egressRate: 16_000_000, egressBurst: 800_000 }

for (const version of ['0.3.0', '0.3.1', '0.4.0', '1.0.0', '1.1.0'])
  sameAsReference(`bandwidth: the commands of version ${version}`, (scene) => {
    attach(scene)
    const chained = { prevResult: prevResult(version) }
    for (const command of ['ADD', 'CHECK', 'STATUS', 'DEL', 'DEL']) {
      scene.call(command, config(limits, version), chained)
      look(scene)
    }
  })

const rates: readonly JsonObject[] = [
  { ingressRate: 8000, ingressBurst: 80_000 },
  { egressRate: 8000, egressBurst: 80_000 },
  { ingressRate: 80_000_000_000, ingressBurst: 8_000_000 },
  { ingressRate: 1_000_001, ingressBurst: 12_345_678 },
  { ingressRate: 0, ingressBurst: 0, egressRate: 9_999_999, egressBurst: 7_777_777 },
  { runtimeConfig: { bandwidth: { ingressRate: 8_000_000, ingressBurst: 80_000 } } },
  { ingressRate: 16_000, ingressBurst: 16_000, runtimeConfig: { bandwidth: { egressRate: 8000, egressBurst: 8000 } } },
  { egressRate: 0, runtimeConfig: { bandwidth: { ingressRate: 8_000_000, ingressBurst: 80_000 } } },
  {},
]
for (const keys of rates)
  sameAsReference(`bandwidth: ${JSON.stringify(keys)}`, (scene) => {
    attach(scene)
    for (const command of ['ADD', 'CHECK', 'DEL']) {
      scene.call(command, config(keys), { prevResult: prevResult() })
      look(scene)
    }
  })

const wrong: readonly JsonObject[] = [
  { ingressRate: 8000 },
  { ingressBurst: 8000 },
  { egressRate: 8000 },
  { egressBurst: 8000 },
  { ingressRate: 8000, ingressBurst: 34_359_738_360 },
  { runtimeConfig: { bandwidth: { ingressRate: 8000 } } },
  { runtimeConfig: { bandwidth: { ingressRate: 'x' } } },
  { runtimeConfig: { bandwidth: 5 } },
]
sameAsReference('bandwidth: what is wrong with a configuration', (scene) => {
  attach(scene)
  for (const keys of wrong)
    for (const command of ['ADD', 'CHECK', 'DEL']) scene.call(command, config(keys), { prevResult: prevResult() })
})

sameAsReference(
  'bandwidth: numbers that are none',
  (scene) => {
    attach(scene)
    for (const ingressRate of ['x', -1, 1.5, [], {}])
      scene.call('ADD', config({ ingressRate, ingressBurst: 8 }), { prevResult: prevResult() })
  },
  // The reference names the structure that these keys are in.
  { allowed: [/PluginConf\.ingressRate of type uint64", reference ".* PluginConf\.BandwidthEntry\.ingressRate of /] },
)

sameAsReference('bandwidth: what is missing', (scene) => {
  attach(scene)
  for (const command of ['ADD', 'CHECK', 'DEL']) scene.call(command, config(limits))
  for (const interfaces of [[], [{ name: 'eth0', sandbox: '/run/netns/c1' }], [{ name: 'other' }]])
    scene.call('ADD', config(limits), { prevResult: { ...prevResult(), interfaces } })
  for (const ifName of ['lo', 'eth7']) scene.call('ADD', config(limits), { ifName, prevResult: prevResult() })
  scene.call('ADD', config(limits), { netns: '/run/netns/absent', prevResult: prevResult() })
})
