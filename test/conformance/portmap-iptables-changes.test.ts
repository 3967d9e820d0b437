import assert from 'node:assert/strict'
import { attached, otherPlugins, ProgramCount } from '../lab/iptables-rules.ts'
import type { JsonObject } from '../lab/witness.ts'
import { unlikeReference } from './differential.ts'
import { allRules, containerRules, mapping, port, web } from './portmap-network.ts'

unlikeReference(
  'portmap: a port that is none is refused before anything is made',
  (scene) => {
    const wrong = [port(70000, 80), port(80, 70000), port(80, 80, { protocol: '' }), port(80, 80, { hostIP: 'zz' })]
    const replies = wrong.map((each) => scene.call('ADD', mapping([web, each])))
    return { replies, rules: allRules(scene) }
  },
  {
    judge: (ours, theirs) => {
      assert.deepEqual(
        ours.replies.map(({ stdout }) => JSON.parse(stdout).msg),
        [
          'Invalid host port number: 70000',
          'Invalid container port number: 70000',
          'Cannot publish port 80: its mapping has no protocol',
          'Cannot publish port 80: "zz" is no IP address',
        ],
      )
      assert.equal(
        JSON.parse(ours.replies[0]?.stdout ?? '').details,
        'Cannot use key "runtimeConfig.portMappings.hostPort": ports are 1 to 65535',
      )
      assert.equal(ours.rules, '')
      assert.match(theirs.rules, /CNI-DN-/)
    },
  },
)

unlikeReference(
  'portmap: what the tool refuses leaves nothing behind',
  (scene) => {
    const reply = scene.call('ADD', mapping([port(80, 80, { protocol: 'foo' })]))
    return { ...reply, rules: allRules(scene) }
  },
  {
    judge: (ours, theirs) => {
      assert.match(JSON.parse(ours.stdout).msg, /^unable to setup DNAT: Cannot change table "nat" by "-A CNI-.*foo/)
      assert.equal(ours.rules, '')
      assert.match(theirs.rules, /CNI-DN-/)
    },
  },
)

unlikeReference(
  'portmap: what was published by IPv4 is taken back when IPv6 fails',
  (scene) => {
    scene.install('ip6tables-restore', 'echo "ip6tables-restore: no" >&2; exit 2')
    const reply = scene.call('ADD', mapping([web]), { env: { PATH: `/run/plugins:${process.env['PATH']}` } })
    return { ...reply, rules: containerRules(scene) }
  },
  {
    judge: (ours) => {
      assert.equal(
        JSON.parse(ours.stdout).msg,
        'unable to setup DNAT: Cannot change table "nat": ip6tables-restore: no',
      )
      assert.equal(ours.rules, '')
    },
  },
)

unlikeReference(
  'portmap: DEL without the mappings removes them, and so does one that knows nothing else',
  (scene) =>
    [{ runtimeConfig: null }, { runtimeConfig: null, prevResult: null }].map((keys) => {
      scene.call('ADD', mapping([web, port(53, 53, { protocol: 'udp' })]))
      const replies = [1, 2].map(() => scene.call('DEL', mapping([], keys)))
      return { statuses: replies.map(({ status, stdout }) => `${status}${stdout}`), rules: containerRules(scene) }
    }),
  {
    judge: (ours, theirs) => {
      for (const { statuses, rules } of ours) assert.deepEqual([statuses, rules], [['0', '0'], ''])
      assert.match(theirs[0]?.rules ?? '', /DNAT/)
    },
  },
)

unlikeReference(
  'portmap: another ADD replaces the mappings',
  (scene) => {
    scene.call('ADD', mapping([web, port(8081, 81)]))
    scene.call('ADD', mapping([port(8082, 82)], { masqAll: true }))
    const replaced = containerRules(scene)
    scene.call('ADD', mapping([port(8082, 82)], { masqAll: true }))
    return { replaced, again: containerRules(scene) }
  },
  {
    judge: (ours, theirs) => {
      assert.match(ours.replaced, /--dport 8082 -j DNAT/)
      assert.doesNotMatch(ours.replaced, /808[01]/)
      assert.equal(ours.again, ours.replaced)
      assert.match(theirs.replaced, /8080/)
    },
  },
)

const taken: Record<string, [first: JsonObject, second: JsonObject, isTaken: boolean]> = {
  'the same port': [web, web, true],
  'the same port of one address': [port(8080, 80, { hostIP: '10.9.9.9' }), port(8080, 1, { hostIP: '10.9.9.9' }), true],
  'a port of one address and of all': [port(8080, 80, { hostIP: '10.9.9.9' }), web, true],
  'a port of all addresses and of one': [
    port(8080, 80, { hostIP: '0.0.0.0' }),
    port(8080, 8, { hostIP: '10.9.9.9' }),
    true,
  ],
  'the same port of two addresses': [
    port(8080, 80, { hostIP: '10.9.9.9' }),
    port(8080, 80, { hostIP: '10.9.9.8' }),
    false,
  ],
  'a port of IPv4 and of IPv6': [port(8080, 80, { hostIP: '0.0.0.0' }), port(8080, 80, { hostIP: '::' }), false],
  'the same port of another protocol': [web, port(8080, 80, { protocol: 'udp' }), false],
  'another port': [web, port(808, 80), false],
}
for (const [what, [first, second, isTaken]] of Object.entries(taken))
  unlikeReference(
    `portmap: ${what} published by two containers ${isTaken ? 'is refused' : 'is fine'}`,
    (scene) => {
      scene.call('ADD', mapping([first], { name: 'net7' }))
      const before = allRules(scene)
      const reply = scene.call('ADD', mapping([second], { prevResult: attached('10.1.2.3/24', 'fd00::3/64') }), {
        containerId: 'c2',
      })
      return { ...reply, isUnchanged: allRules(scene) === before }
    },
    {
      judge: (ours) => {
        assert.equal(ours.status, isTaken ? 1 : 0, ours.stdout)
        if (!isTaken) return
        assert.equal(
          JSON.parse(ours.stdout).msg,
          'unable to setup DNAT: Cannot publish tcp port 8080: container "c1" in network "net7" has it',
        )
        assert.ok(ours.isUnchanged)
      },
    },
  )

unlikeReference(
  'portmap: histories of both implementations leave nothing',
  (scene) => {
    const other = otherPlugins(scene)
    const config = mapping([web, port(53, 53, { protocol: 'udp' }), port(8083, 83, { hostIP: 'fd00::9' })])
    for (const [add, del] of [
      ['portmap', other('portmap')],
      [other('portmap'), 'portmap'],
    ] as const) {
      assert.equal(scene.call('ADD', config, { plugin: add }).status, 0)
      assert.equal(scene.call('CHECK', config, { plugin: del }).status, 0)
      assert.match(containerRules(scene), /DNAT/)
      assert.equal(scene.call('DEL', config, { plugin: del }).status, 0)
      assert.equal(containerRules(scene), '', `ADD by ${add}, DEL by ${del}`)
    }
  },
  { judge: () => {} },
)

unlikeReference(
  'portmap: DEL removes what old versions have left',
  (scene) => {
    const chain = 'CNI-SN-c2d892b58e87e28a12fe6'
    scene.shell(`
      for each in CNI-HOSTPORT-SNAT ${chain}; do iptables -t nat -N $each; done
      iptables -t nat -A CNI-HOSTPORT-SNAT -s 10.1.2.2 -j ${chain}
      iptables -t nat -A ${chain} -j RETURN`)
    scene.call('ADD', mapping([web]))
    scene.call('DEL', mapping([web]))
    return allRules(scene)
  },
  { judge: (ours) => assert.doesNotMatch(ours, /CNI-[DS]N-/) },
)

unlikeReference(
  'portmap: GC removes what containers of this network have left, and nothing else',
  (scene) => {
    scene.call('ADD', mapping([web]))
    scene.call('ADD', mapping([port(8081, 81)]), { containerId: 'c2' })
    scene.call('ADD', mapping([port(8082, 82)], { name: 'net2' }), { containerId: 'c2' })
    const valid = [{ containerID: 'c1', ifname: 'eth0' }]
    const reply = scene.call('GC', mapping([], { prevResult: null, 'cni.dev/valid-attachments': valid }))
    const collected = containerRules(scene)
    scene.call('GC', mapping([], { prevResult: null }))
    return { reply, collected, after: containerRules(scene) }
  },
  {
    judge: (ours) => {
      assert.deepEqual([ours.reply.status, ours.reply.stdout], [0, ''])
      assert.match(ours.collected, /8080[\s\S]*8082|8082[\s\S]*8080/)
      assert.doesNotMatch(ours.collected, /8081/)
      assert.equal(ours.after, ours.collected)
    },
  },
)

unlikeReference(
  'portmap: two programs for each IP version publish and take back',
  (scene) => {
    const count = new ProgramCount(scene)
    return ['ADD', 'CHECK', 'DEL'].map((command) => {
      scene.call(command, mapping([web]), count)
      return count.list()
    })
  },
  {
    judge: (ours, theirs) => {
      const both = ['ip6tables-restore', 'ip6tables-save', 'iptables-restore', 'iptables-save']
      assert.deepEqual(ours, [both, both, both])
      assert.ok((theirs[0]?.length ?? 0) > 20)
    },
  },
)
