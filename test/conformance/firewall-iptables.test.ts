import assert from 'node:assert/strict'
import { attached, otherPlugins, ProgramCount, showRules } from '../lab/iptables-rules.ts'
import type { Scene } from '../lab/scene.ts'
import type { JsonObject } from '../lab/witness.ts'
import { type DifferentialOptions, sameAsReference, unlikeReference } from './differential.ts'

const dual = attached('10.1.2.2/24', 'fd00:1:2::2/64')

function firewalled(keys: JsonObject = {}): JsonObject {
  return { cniVersion: '1.1.0', name: 'net1', type: 'firewall', backend: 'iptables', prevResult: dual, ...keys }
}

/** A result of a bridge by another name, with another address. */
function onBridge(name: string, ...addresses: string[]): JsonObject {
  return { ...attached(...addresses), interfaces: [{ name }] }
}

const networks: Record<string, JsonObject> = {
  'IPv4 and IPv6': firewalled(),
  'IPv4 alone': firewalled({ prevResult: attached('10.1.2.2/24') }),
  'IPv6 alone': firewalled({ prevResult: attached('fd00:1:2::2/64') }),
  'several addresses, of any interface': firewalled({
    prevResult: { ips: ['10.1.2.2/24', '10.1.2.3/24', '10.9.0.1/32', 'fd00::1/64'].map((address) => ({ address })) },
  }),
  'no addresses': firewalled({ prevResult: { interfaces: [{ name: 'cni0' }] } }),
  'an admin chain of its own': firewalled({ iptablesAdminChainName: 'MY-ADMIN' }),
  'an admin chain without a name': firewalled({ iptablesAdminChainName: '' }),
  'an open policy': firewalled({ ingressPolicy: 'open' }),
  'a policy without a name': firewalled({ ingressPolicy: '' }),
  'the policy same-bridge': firewalled({ ingressPolicy: 'same-bridge' }),
  'the policy isolated': firewalled({ ingressPolicy: 'isolated' }),
  'the policy isolated and IPv4 alone': firewalled({ ingressPolicy: 'isolated', prevResult: attached('10.1.2.2/24') }),
}
for (const [what, config] of Object.entries(networks))
  sameAsReference(`firewall: ${what}`, (scene) => {
    scene.call('ADD', config)
    showRules(scene)
    scene.call('CHECK', config)
    scene.call('ADD', config)
    showRules(scene)
    scene.call('DEL', config)
    showRules(scene)
    scene.call('DEL', config)
  })

sameAsReference('firewall: several networks, and rules of others', (scene) => {
  scene.shell(`
    iptables -P FORWARD DROP
    iptables -A FORWARD -j DROP
    iptables -N CNI-ADMIN
    iptables -A CNI-ADMIN -s 192.0.2.1 -j DROP`)
  const policies = ['same-bridge', 'isolated', 'same-bridge', 'open']
  for (const [index, ingressPolicy] of policies.entries()) {
    const prevResult = onBridge(`cni${index}`, `10.${index}.2.2/24`)
    scene.call('ADD', firewalled({ ingressPolicy, prevResult }), { containerId: `c${index}` })
    showRules(scene)
  }
  scene.call('ADD', firewalled({ iptablesAdminChainName: 'MY-ADMIN' }))
  showRules(scene)
  scene.call('DEL', firewalled({ ingressPolicy: 'isolated' }))
  showRules(scene)
})

for (const cniVersion of ['0.4.0', '1.0.0'])
  sameAsReference(`firewall: the result of version ${cniVersion}`, (scene) => {
    const ips = [{ version: '4', interface: 2, address: '10.1.2.2/24' }]
    const config = firewalled({ cniVersion, prevResult: { ...dual, cniVersion, ips } })
    for (const command of ['ADD', 'CHECK', 'DEL']) scene.call(command, config)
  })

const commands = ['ADD', 'CHECK', 'DEL', 'GC', 'STATUS']
sameAsReference('firewall: versions that it does not speak', (scene) => {
  for (const cniVersion of ['0.3.1', '2.0.0'])
    for (const command of commands) scene.call(command, firewalled({ cniVersion }))
})

const refusals: JsonObject[] = [
  { prevResult: null },
  { prevResult: null, ingressPolicy: 'isolated' },
  { ingressPolicy: 5 },
  { backend: true },
  { ingressPolicy: 'isolated', prevResult: { ips: [] } },
  { ingressPolicy: 'isolated', prevResult: { ips: [], interfaces: [] } },
  { ingressPolicy: 'same-bridge', prevResult: { ips: [], interfaces: [{ name: '' }] } },
]
/** DEL goes on without it, where the reference fails. */
const unreadable = firewalled({ prevResult: { ips: 5 } })
sameAsReference('firewall refuses what it cannot do', (scene) => {
  for (const keys of refusals) for (const command of commands) scene.call(command, firewalled(keys))
  for (const command of commands.filter((each) => each !== 'DEL')) scene.call(command, unreadable)
})

unlikeReference(
  'firewall: DEL goes on without a result that it cannot read',
  (scene) => scene.call('DEL', unreadable).status,
  {
    judge: (ours, theirs) => assert.deepEqual([ours, theirs], [0, 1]),
  },
)

const damages: Record<string, string> = {
  'an accepting rule is missing': 'iptables -D CNI-FORWARD -s 10.1.2.2 -j ACCEPT',
  'the rule for replies is missing': 'iptables -D CNI-FORWARD 2',
  'a rule of IPv6 is missing': 'ip6tables -D CNI-FORWARD 3',
  'all rules are missing': 'iptables -F CNI-FORWARD',
  'nothing leads to the rules': 'iptables -F FORWARD',
}
for (const [what, script] of Object.entries(damages))
  sameAsReference(`firewall CHECK when ${what}`, (scene) => {
    scene.call('ADD', firewalled())
    scene.shell(script)
    scene.call('CHECK', firewalled())
    showRules(scene)
  })

unlikeReference(
  'firewall CHECK makes no chains',
  (scene) => {
    const reply = scene.call('CHECK', firewalled())
    return { status: reply.status, message: JSON.parse(reply.stdout).msg, rules: allRules(scene) }
  },
  {
    judge: (ours, theirs) => {
      assert.deepEqual([ours.status, theirs.status], [1, 1])
      assert.match(ours.message, /^expected FORWARD rule \[.* -j CNI-FORWARD\] not found$/)
      assert.equal(ours.rules, '')
      assert.match(theirs.rules, /CNI-FORWARD/)
    },
  },
)

unlikeReference(
  'firewall: a policy that nobody knows leaves no rules, and keeps none',
  (scene) => {
    const wrong = firewalled({ ingressPolicy: 'closed' })
    const replies = [scene.call('ADD', wrong)]
    const added = addressRules(scene)
    scene.call('ADD', firewalled())
    replies.push(scene.call('DEL', wrong))
    return { messages: replies.map(({ stdout }) => JSON.parse(stdout).msg), added, kept: addressRules(scene) }
  },
  {
    judge: (ours, theirs) => {
      assert.deepEqual(ours.messages, Array(2).fill('unknown ingress policy: "closed"'))
      assert.deepEqual(theirs.messages, ours.messages)
      assert.deepEqual([ours.added, ours.kept], ['', ''])
      assert.match(theirs.added, /10\.1\.2\.2/)
    },
  },
)

unlikeReference(
  'firewall: what was allowed by IPv4 is taken back when IPv6 fails',
  (scene) => {
    scene.install('ip6tables-restore', 'echo "ip6tables-restore: no" >&2; exit 2')
    const reply = scene.call('ADD', firewalled(), { env: { PATH: `/run/plugins:${process.env['PATH']}` } })
    return { ...reply, rules: addressRules(scene) }
  },
  {
    judge: (ours) => {
      assert.equal(JSON.parse(ours.stdout).msg, 'Cannot change table "filter": ip6tables-restore: no')
      assert.equal(ours.rules, '')
    },
  },
)

unlikeReference(
  'firewall: a host without ip6tables serves IPv4',
  (scene) => {
    scene.shell(
      'for tool in iptables iptables-save iptables-restore; do ln -s /usr/sbin/$tool /run/plugins/$tool; done',
    )
    const wrapper = ['env', 'PATH=/run/plugins']
    const config = firewalled({ prevResult: attached('10.1.2.2/24') })
    return {
      four: ['ADD', 'CHECK', 'DEL'].map((command) => scene.call(command, config, { wrapper }).status),
      both: scene.call('ADD', firewalled(), { wrapper }).stdout,
      rules: addressRules(scene),
    }
  },
  {
    judge: (ours, theirs) => {
      assert.deepEqual([ours.four, theirs.four[0]], [[0, 0, 0], 1])
      assert.match(JSON.parse(ours.both).msg, /exec: "ip6tables-save": executable file not found in \$PATH/)
      assert.equal(ours.rules, '')
    },
  },
)

const anyMessage: DifferentialOptions = { allowed: [/reply: error\//] }
sameAsReference(
  'firewall: firewalld that is asked for and not there',
  (scene) => {
    for (const command of ['ADD', 'CHECK']) scene.call(command, firewalled({ backend: 'firewalld' }))
    showRules(scene)
  },
  anyMessage,
)

unlikeReference(
  'firewall: DEL does not need a firewalld that is not there',
  (scene) => scene.call('DEL', firewalled({ backend: 'firewalld' })).status,
  { judge: (ours, theirs) => assert.deepEqual([ours, theirs], [0, 1]) },
)

unlikeReference(
  'firewall: histories of both implementations leave no rules of containers',
  (scene) => {
    const other = otherPlugins(scene)
    const config = firewalled({ ingressPolicy: 'isolated' })
    for (const [add, del] of [
      ['firewall', other('firewall')],
      [other('firewall'), 'firewall'],
    ] as const) {
      assert.equal(scene.call('ADD', config, { plugin: add }).status, 0)
      assert.equal(scene.call('CHECK', config, { plugin: del }).status, 0)
      assert.match(addressRules(scene), /10\.1\.2\.2/)
      assert.equal(scene.call('DEL', config, { plugin: del }).status, 0)
      assert.equal(addressRules(scene), '', `ADD by ${add}, DEL by ${del}`)
    }
  },
  { judge: () => {} },
)

unlikeReference(
  'firewall: two programs for each IP version',
  (scene) => {
    const count = new ProgramCount(scene)
    return ['ADD', 'CHECK', 'DEL'].map((command) => {
      scene.call(command, firewalled({ ingressPolicy: 'isolated' }), count)
      return count.list()
    })
  },
  {
    judge: (ours, theirs) => {
      const both = ['ip6tables-restore', 'ip6tables-save', 'iptables-restore', 'iptables-save']
      assert.deepEqual(ours, [both, ['ip6tables-restore', 'iptables-restore'], both])
      assert.ok((theirs[0]?.length ?? 0) > 10)
    },
  },
)

/** All that the plugin has made. */
function allRules(scene: Scene): string {
  return scene.shell(`(iptables-save; ip6tables-save) 2>/dev/null | grep CNI- || true`)
}

/** The rules for addresses. */
function addressRules(scene: Scene): string {
  return scene.shell(`(iptables-save; ip6tables-save) 2>/dev/null | grep -- '-A CNI-FORWARD.* -j ACCEPT' || true`)
}
