import assert from 'node:assert/strict'
import { attached, otherPlugins, ProgramCount } from '../lab/iptables-rules.ts'
import type { Scene } from '../lab/scene.ts'
import type { JsonObject } from '../lab/witness.ts'
import { unlikeReference } from './differential.ts'

const dual = attached('10.1.2.2/24', 'fd00:1:2::2/64')
const ports: JsonObject[] = [
  { hostPort: 8080, containerPort: 80, protocol: 'tcp' },
  { hostPort: 53, containerPort: 53, protocol: 'udp', hostIP: '192.0.2.1' },
]

function mapping(keys: JsonObject = {}): JsonObject {
  const runtimeConfig = { portMappings: ports }
  return { cniVersion: '1.1.0', name: 'net1', type: 'portmap', prevResult: dual, runtimeConfig, ...keys }
}

/** What is of containers, in whichever table. */
function containerRules(scene: Scene): string {
  return scene.shell(`
    nft list ruleset | grep -E 'CNI-DN-[0-9a-f]{21}|dnat to .* comment|masquerade comment|id: c' || true`)
}

unlikeReference(
  'portmap: what the reference has made by either backend, our DEL removes',
  (scene) => {
    const theirs = otherPlugins(scene)('portmap')
    const ways: JsonObject[] = [
      {},
      { prevResult: null },
      { runtimeConfig: null },
      { backend: 'nftables' },
      { backend: 'iptables' },
    ]
    return ['nftables', 'iptables'].flatMap((backend) =>
      ways.map((way) => {
        scene.call('ADD', mapping({ backend }), { plugin: theirs })
        const added = containerRules(scene)
        const { stdout } = scene.call('DEL', mapping(way))
        return { backend, added, stdout, after: containerRules(scene) }
      }),
    )
  },
  {
    judge: (ours) => {
      const rule = { nftables: /tcp dport 8080 dnat to 10\.1\.2\.2:80 comment "c1"/, iptables: /CNI-DN-[0-9a-f]{21}/ }
      for (const { backend, added, ...outcome } of ours) {
        assert.match(added, backend === 'nftables' ? rule.nftables : rule.iptables)
        assert.deepEqual(outcome, { stdout: '', after: '' })
      }
    },
  },
)

unlikeReference(
  'portmap: our DEL leaves what the reference has made for others, and for other networks of the container',
  (scene) => {
    const theirs = otherPlugins(scene)('portmap')
    const backend = 'nftables'
    const elsewhere = mapping({ backend, name: 'net2', prevResult: attached('10.9.0.2/24') })
    scene.call('ADD', elsewhere, { plugin: theirs })
    scene.call('ADD', mapping({ backend, prevResult: attached('10.1.2.9/24') }), { plugin: theirs, containerId: 'c2' })
    const kept = containerRules(scene)
    scene.call('ADD', mapping({ backend }), { plugin: theirs })
    scene.call('DEL', mapping())
    return { kept, after: containerRules(scene) }
  },
  {
    judge: ({ kept, after }) => {
      assert.match(kept, /dnat to 10\.9\.0\.2:80 comment "c1"/)
      assert.match(kept, /dnat to 10\.1\.2\.9:80 comment "c2"/)
      assert.equal(after, kept)
    },
  },
)

unlikeReference(
  'portmap: GC removes what the DEL of the reference leaves of ours',
  (scene) => {
    const theirs = otherPlugins(scene)('portmap')
    scene.call('ADD', mapping())
    scene.call('DEL', mapping(), { plugin: theirs })
    const before = containerRules(scene)
    scene.call('GC', mapping({ prevResult: null, 'cni.dev/valid-attachments': [] }))
    return { before, after: containerRules(scene) }
  },
  {
    judge: ({ before, after }) => {
      assert.match(before, /tcp \. 8080 comment ".*id: c1"/)
      assert.equal(after, '')
    },
  },
)

unlikeReference(
  'portmap: no program is started, whatever iptables has for others',
  (scene) => {
    scene.shell('iptables -t nat -A POSTROUTING -s 172.17.0.0/16 -j MASQUERADE')
    const count = new ProgramCount(scene)
    return (['ADD', 'CHECK', 'DEL', 'GC'] as const).map((command) => {
      const valid = command === 'GC' ? { 'cni.dev/valid-attachments': [] } : {}
      const { stdout } = scene.call(command, mapping(valid), count)
      if (command !== 'ADD') assert.equal(stdout, '')
      return count.list().length
    })
  },
  {
    judge: (ours, theirs) => {
      assert.deepEqual(ours, [0, 0, 0, 0])
      assert.ok(theirs.slice(0, 3).every((programs) => programs > 5))
    },
  },
)
