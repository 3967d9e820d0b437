import assert from 'node:assert/strict'
import { otherPlugins, ProgramCount } from '../lab/iptables-rules.ts'
import type { Scene } from '../lab/scene.ts'
import type { JsonObject } from '../lab/witness.ts'
import { network, ranges, subnet4, subnet6 } from './bridge-network.ts'
import { unlikeReference } from './differential.ts'

/** A network that masquerades by what is there, or by what is named. */
function masqueraded(keys: JsonObject = {}): JsonObject {
  return network({ isGateway: true, ipMasq: true, ipam: ranges(subnet4, subnet6), ...keys })
}

const nftables = masqueraded({ ipMasqBackend: 'nftables' })

/** What is of containers, in whichever table. */
function containerRules(scene: Scene): string {
  return scene.shell(`nft list ruleset | grep -E 'CNI-[0-9a-f]{24}|, net: ' || true`)
}

unlikeReference(
  'masquerade: what the reference has made by either backend, our CHECK takes and our DEL removes',
  (scene) => {
    const theirs = otherPlugins(scene)('bridge')
    const ways = [{}, { prevResult: undefined }, { netns: '', prevResult: undefined }]
    return ['nftables', 'iptables'].flatMap((ipMasqBackend) =>
      ways.map((way) => {
        scene.add(masqueraded({ ipMasqBackend }), { plugin: theirs })
        const added = containerRules(scene)
        const check = scene.check(masqueraded())
        const del = scene.del(masqueraded(), way)
        scene.shell('ip netns exec c1 ip link delete eth0 2>/dev/null || true')
        return { ipMasqBackend, added, check: check.stdout, del: del.stdout, after: containerRules(scene) }
      }),
    )
  },
  {
    containerDad: false,
    judge: (ours) => {
      const rule = {
        nftables: /ip saddr 10\.1\.2\.\d+ ip daddr != .* masquerade comment/,
        iptables: /CNI-[0-9a-f]{24}/,
      }
      for (const { ipMasqBackend, added, ...outcome } of ours) {
        assert.match(added, ipMasqBackend === 'nftables' ? rule.nftables : rule.iptables)
        assert.deepEqual(outcome, { check: '', del: '', after: '' })
      }
    },
  },
)

unlikeReference(
  'masquerade: our DEL leaves rules of others in the table of the reference',
  (scene) => {
    const theirs = otherPlugins(scene)('bridge')
    scene.add(nftables, { plugin: theirs, container: 'c2' })
    const kept = containerRules(scene)
    scene.add(nftables, { plugin: theirs })
    scene.del(nftables)
    return { kept, after: containerRules(scene) }
  },
  {
    containers: ['c1', 'c2'],
    containerDad: false,
    judge: ({ kept, after }) => {
      assert.match(kept, /id: c2/)
      assert.equal(after, kept)
    },
  },
)

unlikeReference(
  'masquerade: GC removes what the reference has left by nf_tables, and what its DEL leaves of ours',
  (scene) => {
    const theirs = otherPlugins(scene)('bridge')
    scene.add(nftables, { plugin: theirs })
    scene.add(nftables, { plugin: theirs, container: 'c2' })
    scene.add(nftables, { container: 'c3' })
    scene.del(nftables, { plugin: theirs, container: 'c3' })
    const before = containerRules(scene)
    const valid = [{ containerID: 'c1', ifname: 'eth0' }]
    scene.call('GC', { ...nftables, 'cni.dev/valid-attachments': valid })
    return { before, after: containerRules(scene) }
  },
  {
    containers: ['c1', 'c2', 'c3'],
    containerDad: false,
    judge: ({ before, after }) => {
      assert.match(before, /elements = .*if: eth0, id: c3/)
      assert.match(after, /id: c1/)
      assert.doesNotMatch(after, /id: c[23]/)
    },
  },
)

unlikeReference(
  'masquerade: no program is started, whatever iptables has for others',
  (scene) => {
    scene.shell('iptables -t nat -A POSTROUTING -s 172.17.0.0/16 -j MASQUERADE')
    const count = new ProgramCount(scene)
    const config = masqueraded()
    return (['ADD', 'CHECK', 'DEL'] as const).map((command) => {
      if (command === 'ADD') scene.add(config, count)
      if (command === 'CHECK') scene.check(config, count)
      if (command === 'DEL') scene.del(config, count)
      return count.list().length
    })
  },
  {
    containerDad: false,
    judge: (ours, theirs) => {
      assert.deepEqual(ours, [0, 0, 0])
      assert.ok(theirs.every((programs, index) => index === 1 || programs > 10))
    },
  },
)
