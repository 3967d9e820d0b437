import assert from 'node:assert/strict'
import { otherPlugins, ProgramCount, showRules } from '../lab/iptables-rules.ts'
import type { Scene } from '../lab/scene.ts'
import type { JsonObject } from '../lab/witness.ts'
import { fixed, network, ranges, subnet4, subnet6 } from './bridge-network.ts'
import { type DifferentialOptions, sameAsReference, unlikeReference } from './differential.ts'

function masqueraded(keys: JsonObject = {}): JsonObject {
  return network({ isGateway: true, ipMasq: true, ipMasqBackend: 'iptables', ...keys })
}

const ptpNetwork = {
  cniVersion: '1.1.0',
  name: 'net1',
  type: 'ptp',
  deterministicMac: false,
  ipMasq: true,
  ipMasqBackend: 'iptables',
  ipam: ranges(subnet4, subnet6),
}
/** The tests of ptp itself are about these. */
const ptpOptions: DifferentialOptions = {
  containerDad: false,
}
const two = { containers: ['c1', 'c2'], containerDad: false }

const networks: Record<string, JsonObject> = {
  'an IPv4 address': masqueraded(),
  'an IPv6 address': masqueraded({ ipam: ranges(subnet6) }),
  'IPv4 and IPv6': masqueraded({ ipam: ranges(subnet4, subnet6) }),
  'a name in which characters have a meaning': masqueraded({ name: 'a.b_c-D' }),
}
for (const [what, config] of Object.entries(networks))
  sameAsReference(
    `masquerade: bridge with ${what}`,
    (scene) => {
      scene.add(config)
      scene.show()
      showRules(scene)
      scene.check(config)
      scene.del(config)
      scene.show()
      showRules(scene)
    },
    { containerDad: false },
  )

sameAsReference(
  'masquerade: ptp',
  (scene) => {
    scene.add(ptpNetwork)
    scene.show()
    showRules(scene)
    scene.check(ptpNetwork)
    scene.del(ptpNetwork)
    scene.show()
    showRules(scene)
  },
  ptpOptions,
)

sameAsReference(
  'masquerade: rules of others stay as they are',
  (scene) => {
    scene.shell(`
      iptables -t nat -N KUBE-POSTROUTING
      iptables -t nat -A POSTROUTING -m comment --comment "it's \\"theirs\\" \\\\" -j KUBE-POSTROUTING
      iptables -A FORWARD -i docker0 ! -o docker0 -j ACCEPT`)
    const config = masqueraded()
    scene.add(config)
    showRules(scene)
    const prevResult = scene.add(config, { container: 'c2' })
    scene.add({ ...config, name: 'net2', bridge: 'cni1', ipam: ranges({ subnet: '10.3.0.0/24' }) }, { ifName: 'eth1' })
    showRules(scene)
    scene.del(config, { container: 'c2', prevResult })
    showRules(scene)
  },
  two,
)

sameAsReference('masquerade: two addresses of one network', (scene) => {
  scene.add(masqueraded({ ipam: fixed('10.1.2.7/24', '10.1.2.8/24') }))
  showRules(scene)
})

sameAsReference('masquerade: a network without addresses has nothing to masquerade', (scene) => {
  const { ipam: _, ...config } = masqueraded({ isGateway: false })
  scene.add(config)
  showRules(scene)
  scene.del(config)
})

sameAsReference('masquerade: ADD refuses an unknown backend', (scene) => {
  for (const [index, ipMasqBackend] of ['ebtables', '', 'IPTABLES'].entries())
    scene.call('ADD', masqueraded({ ipMasqBackend }), { ifName: `eth${index}` })
  showRules(scene)
})

unlikeReference(
  'masquerade: nothing is left after DEL without the namespace, without a result, or twice',
  (scene) => {
    const config = masqueraded({ ipam: fixed('10.1.2.7/24', '10.1.2.8/24', 'fd00:1:2::7/64') })
    // As the reference does it, with the addresses of the interface; then with less and less to go by.
    const ways = [{}, { prevResult: undefined }, { netns: '' }, { netns: '', prevResult: undefined }]
    return ways.map((way) => {
      scene.add(config)
      const replies = [scene.del(config, way), scene.del(config, way)].map(({ status, stdout }) => ({ status, stdout }))
      scene.shell('ip netns exec c1 ip link delete eth0 2>/dev/null || true')
      return { replies, rules: containerRules(scene) }
    })
  },
  {
    judge: (ours, theirs) => {
      for (const { replies, rules } of ours) {
        assert.deepEqual(replies, Array(2).fill({ status: 0, stdout: '' }))
        assert.equal(rules, '')
      }
      assert.match(theirs[2]?.rules ?? '', /MASQUERADE/)
    },
  },
)

unlikeReference(
  'masquerade: the interfaces of a container in one network keep their rules when one of them goes',
  (scene) => {
    const config = masqueraded()
    const first = scene.add(config)
    const second = scene.add(config, { ifName: 'eth1' })
    scene.call('DEL', config, { ifName: 'eth1', prevResult: second })
    const kept = containerRules(scene)
    scene.call('DEL', config, { prevResult: first })
    return { kept, after: containerRules(scene) }
  },
  {
    judge: (ours, theirs) => {
      assert.match(ours.kept, /-A POSTROUTING -s 10\.1\.2\.2\/32 .*\n[\s\S]*MASQUERADE/)
      assert.doesNotMatch(ours.kept, /10\.1\.2\.3/)
      assert.doesNotMatch(theirs.kept, /MASQUERADE/)
      assert.equal(ours.after, '')
    },
  },
)

unlikeReference(
  'masquerade: histories of both implementations leave nothing',
  (scene) => {
    const other = otherPlugins(scene)
    for (const [add, del] of [
      ['bridge', other('bridge')],
      [other('bridge'), 'bridge'],
    ] as const) {
      const config = masqueraded({ ipam: ranges(subnet4, subnet6) })
      assert.equal(scene.add(config, { plugin: add })['code'], undefined)
      assert.match(containerRules(scene), /MASQUERADE/)
      assert.equal(scene.del(config, { plugin: del }).status, 0)
      assert.equal(containerRules(scene), '', `ADD by ${add}, DEL by ${del}`)
    }
  },
  { judge: () => {} },
)

unlikeReference(
  'masquerade: DEL removes the rules of old versions, which are for whole networks',
  (scene) => {
    const config = masqueraded()
    scene.add(config)
    scene.shell(`iptables-save -t nat | sed 's|-s 10.1.2.2/32|-s 10.1.2.0/24|' | iptables-restore`)
    assert.match(containerRules(scene), /-s 10\.1\.2\.0\/24/)
    scene.del(config)
    return containerRules(scene)
  },
  { judge: (ours, theirs) => assert.deepEqual([ours, theirs], ['', '']) },
)

unlikeReference(
  'masquerade: GC removes what containers of this network have left, and nothing else',
  (scene) => {
    const config = masqueraded({ ipam: ranges(subnet4, subnet6) })
    const elsewhere = masqueraded({ name: 'net2', bridge: 'cni1', ipam: ranges({ subnet: '10.3.0.0/24' }) })
    scene.add(config)
    scene.add(config, { container: 'c2' })
    scene.add(elsewhere, { container: 'c2', ifName: 'eth1' })
    // What a crash between two steps leaves.
    scene.shell('ip6tables -t nat -D POSTROUTING 2')
    const valid = [{ containerID: 'c1', ifname: 'eth0' }]
    const reply = scene.call('GC', { ...config, 'cni.dev/valid-attachments': valid })
    const collected = containerRules(scene)
    scene.call('GC', config)
    return { reply: reply.stdout, collected, after: containerRules(scene) }
  },
  {
    ...two,
    judge: (ours) => {
      assert.equal(ours.reply, '')
      assert.match(ours.collected, /name: \\"net1\\" id: \\"c1\\"/)
      assert.match(ours.collected, /name: \\"net2\\" id: \\"c2\\"/)
      assert.doesNotMatch(ours.collected, /name: \\"net1\\" id: \\"c2\\"/)
      assert.equal(ours.after, ours.collected)
    },
  },
)

unlikeReference(
  'masquerade: CHECK names the rule that is missing',
  (scene) => {
    const config = masqueraded()
    scene.add(config)
    scene.shell('iptables -t nat -F POSTROUTING')
    return scene.check(config)
  },
  {
    judge: (ours, theirs) => {
      assert.equal(theirs.status, 0)
      assert.match(JSON.parse(ours.stdout).msg, /^rule \[-s 10\.1\.2\.2\/32 .*\] in chain POSTROUTING not found/)
    },
  },
)

unlikeReference(
  'masquerade: an ADD that fails afterwards leaves no rules',
  (scene) => {
    scene.shell('iptables -t nat -P OUTPUT ACCEPT')
    scene.install('iptables-restore', 'exec /usr/sbin/iptables-restore "$@" <"$INPUT"')
    scene.install('ip6tables-restore', 'echo "ip6tables-restore: no" >&2; exit 2')
    const config = masqueraded({ ipam: ranges(subnet4, subnet6) })
    const reply = scene.call('ADD', config, { env: { PATH: `/run/plugins:${process.env['PATH']}` } })
    return { ...reply, rules: containerRules(scene), links: scene.shell('ip -brief link | grep -c veth || true') }
  },
  {
    judge: (ours) => {
      assert.equal(ours.status, 1)
      assert.equal(JSON.parse(ours.stdout).msg, 'Cannot change table "nat": ip6tables-restore: no')
      assert.deepEqual([ours.rules, ours.links], ['', '0\n'])
    },
  },
)

unlikeReference(
  'masquerade: two programs for each IP version make and remove the rules',
  (scene) => {
    const count = new ProgramCount(scene)
    const config = masqueraded({ ipam: ranges(subnet4, subnet6) })
    return (['ADD', 'CHECK', 'DEL'] as const).map((command) => {
      if (command === 'ADD') scene.add(config, count)
      if (command === 'CHECK') scene.check(config, count)
      if (command === 'DEL') scene.del(config, count)
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

/** Rules and chains of containers, whatever they say. */
function containerRules(scene: Scene): string {
  return scene.shell(`(iptables-save; ip6tables-save) 2>/dev/null | grep -E 'CNI-[0-9a-f]{24}' || true`)
}
