import assert from 'node:assert/strict'
import type { JsonObject } from '../lab/witness.ts'
import { sameAsReference, unlikeReference } from './differential.ts'

function network(keys: JsonObject = {}): JsonObject {
  return { cniVersion: '1.1.0', name: 'lo', type: 'loopback', ...keys }
}

for (const cniVersion of ['1.0.0', '1.1.0', null])
  sameAsReference(`loopback: ADD, CHECK and DEL of version ${cniVersion}`, (scene) => {
    const config = network({ cniVersion })
    for (const command of ['CHECK', 'ADD', 'CHECK', 'DEL', 'CHECK', 'DEL', 'STATUS', 'GC']) {
      scene.call(command, config)
      scene.show()
    }
  })

sameAsReference('loopback: the name of the interface does not matter', (scene) => {
  scene.call('ADD', network(), { ifName: 'eth5' })
  scene.show()
})

sameAsReference('loopback passes on the result that it is given', (scene) => {
  const prevResult: JsonObject = {
    cniVersion: '1.0.0',
    interfaces: [{ name: 'eth0', mac: '02:00:00:00:00:01', sandbox: '/run/netns/c1' }],
    ips: [{ address: '10.0.0.2/24', interface: 0 }],
    routes: [{ dst: '0.0.0.0/0', gw: '10.0.0.1' }],
    dns: { nameservers: ['1.1.1.1'] },
  }
  scene.call('ADD', network(), { prevResult })
  scene.call('ADD', network(), { prevResult: { ...prevResult, cniVersion: '0.4.0' } })
  scene.call('ADD', network({ cniVersion: '1.0.0' }), { prevResult })
  scene.show()
})

sameAsReference('loopback: more than one loopback address', (scene) => {
  scene.inContainer('ip address add 127.0.0.2/32 dev lo; ip address add 127.1.1.1/8 dev lo')
  scene.call('ADD', network())
  scene.show()
})

sameAsReference(
  'loopback refuses an interface with another address',
  (scene) => {
    scene.inContainer('ip address add 10.0.0.1/32 dev lo')
    scene.call('ADD', network())
    scene.show()
  },
  // It is down again, as it was before the ADD; the reference leaves it up.
  { allowed: [/^1: c1: (?:link lo|route \d+): /] },
)

sameAsReference('loopback: IPv6 is off', (scene) => {
  scene.inContainer('echo 1 >/proc/sys/net/ipv6/conf/all/disable_ipv6')
  scene.call('ADD', network())
  scene.show()
})

sameAsReference('loopback: a namespace that is not there, or none', (scene) => {
  scene.shell('echo >/run/file')
  for (const command of ['ADD', 'CHECK', 'DEL'])
    for (const netns of ['/run/netns/absent', '/run/file']) scene.call(command, network(), { netns })
  scene.call('DEL', network(), { netns: '' })
})

for (const cniVersion of ['0.1.0', '0.2.0', '0.3.0', '0.3.1', '0.4.0'])
  unlikeReference(
    `loopback: the result has the shape of version ${cniVersion}`,
    (scene) => scene.call('ADD', network({ cniVersion })).stdout,
    {
      judge: (ours, theirs) => {
        assert.match(theirs, new RegExp(`"cniVersion": "${cniVersion}"[\\s\\S]*"interface": 0`))
        assert.doesNotMatch(theirs, /"version"|"ip4"/)
        const result = JSON.parse(ours)
        if (cniVersion < '0.3') assert.deepEqual(Object.keys(result), ['cniVersion', 'ip4', 'ip6', 'dns'])
        else assert.deepEqual(result.ips[0], { version: '4', interface: 0, address: '127.0.0.1/8' })
      },
    },
  )
