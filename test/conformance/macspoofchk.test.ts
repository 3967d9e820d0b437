import assert from 'node:assert/strict'
import { otherPlugins, ProgramCount } from '../lab/iptables-rules.ts'
import type { Scene } from '../lab/scene.ts'
import { layer2, network } from './bridge-network.ts'
import { sameAsReference, unlikeReference } from './differential.ts'

const two = { containers: ['c1', 'c2'], containerDad: false }
const networks = {
  'with addresses': network({ macspoofchk: true }),
  'without addresses': layer2({ macspoofchk: true }),
}

function showRules(scene: Scene): string {
  return scene.look('nft list ruleset')
}

for (const [what, config] of Object.entries(networks))
  sameAsReference(
    `macspoofchk: a network ${what}`,
    (scene) => {
      const prevResult = scene.add(config)
      // CHECK of the reference fails for a network without addresses.
      if (config['ipam']) scene.check(config)
      const other = { ...config, name: 'net2', bridge: 'cni1' }
      scene.add(other, { container: 'c2' })
      scene.show()
      showRules(scene)
      scene.del(config, { prevResult })
      showRules(scene)
      scene.del(other, { container: 'c2' })
      showRules(scene)
      scene.show()
    },
    two,
  )

sameAsReference(
  'macspoofchk: rules of others in the same chain stay',
  (scene) => {
    scene.shell(`
      nft add table bridge nat
      nft 'add chain bridge nat PREROUTING { type filter hook prerouting priority -300; }'
      nft add rule bridge nat PREROUTING ether saddr 02:00:00:00:00:01 accept comment '"theirs"'`)
    const config = network({ macspoofchk: true })
    scene.add(config)
    showRules(scene)
    scene.del(config)
    showRules(scene)
  },
  two,
)

unlikeReference(
  'macspoofchk: what one has made the other removes, ours without namespace and result too',
  (scene) => {
    const other = otherPlugins(scene)
    const config = network({ macspoofchk: true })
    return [other('bridge'), 'bridge'].flatMap((add) =>
      [other('bridge'), 'bridge'].map((del) => {
        scene.add(config, { plugin: add })
        const added = showRules(scene)
        const way = del === 'bridge' ? { prevResult: undefined, netns: '' } : {}
        const reply = scene.del(config, { plugin: del, ...way })
        scene.shell('ip netns exec c1 ip link delete eth0 2>/dev/null || true')
        return { added, reply: reply.stdout, after: showRules(scene) }
      }),
    )
  },
  {
    containerDad: false,
    judge: (ours) => {
      for (const { added, reply, after } of ours) {
        assert.match(added, /ether saddr .* return comment "macspoofchk-c1-eth0"/)
        assert.equal(reply, '')
        assert.doesNotMatch(after, /c1-eth0/)
      }
    },
  },
)

unlikeReference(
  'macspoofchk: an ADD after one without DEL does not lead to the check twice, and no program is started',
  (scene) => {
    const count = new ProgramCount(scene)
    const config = layer2({ macspoofchk: true })
    scene.add(config, count)
    scene.shell('ip netns exec c1 ip link delete eth0')
    const programs = count.list().length
    scene.add(config)
    return { programs, jumps: showRules(scene).match(/iifname/g)?.length }
  },
  {
    containerDad: false,
    judge: (ours, theirs) => assert.deepEqual([ours, theirs.jumps], [{ programs: 0, jumps: 1 }, 2]),
  },
)
