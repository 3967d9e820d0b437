import type { Scene } from '../lab/scene.ts'
import type { JsonObject } from '../lab/witness.ts'
import { sameAsReference } from './differential.ts'

function config(keys: JsonObject = {}, cniVersion = '1.0.0'): JsonObject {
  return { cniVersion, name: 'net1', type: 'sbr', ...keys }
}

function prevResult(cniVersion = '1.0.0'): JsonObject {
  const version = cniVersion < '1' ? { version: '4' } : {}
  return {
    cniVersion,
    interfaces: [{ name: 'far' }, { name: 'eth1', sandbox: '/run/netns/c1' }],
    ips: [
      { ...version, address: '10.2.0.2/24', gateway: '10.2.0.1', interface: 1 },
      { ...version, address: '10.3.0.2/24', interface: 1 },
      { ...version, address: '10.4.0.2/24', gateway: '10.4.0.1', interface: 0 },
    ],
  }
}

function attach(scene: Scene): void {
  scene.inContainer(`
    echo 1 >/proc/sys/net/ipv6/conf/all/disable_ipv6
    ip link add name eth1 type veth peer name far
    ip link set eth1 up; ip link set far up
    ip address add 10.2.0.2/24 dev eth1; ip address add 10.3.0.2/24 dev eth1
    ip route add 192.168.0.0/16 via 10.2.0.1; ip route add 172.16.0.0/12 via 10.3.0.9; ip route add 198.51.100.0/24 dev eth1`)
}

const options = { ifName: 'eth1' }
for (const version of ['0.3.0', '0.3.1', '0.4.0', '1.0.0', '1.1.0'])
  sameAsReference(`sbr: the commands of version ${version}`, (scene) => {
    attach(scene)
    const chained = { ...options, prevResult: prevResult(version) }
    for (const command of ['ADD', 'CHECK', 'STATUS', 'DEL', 'DEL']) {
      scene.call(command, config({}, version), chained)
      scene.show()
    }
  })

sameAsReference('sbr: a table that somebody else fills', (scene) => {
  attach(scene)
  const chained = { ...options, prevResult: prevResult() }
  scene.call('ADD', config({ table: 7 }), chained)
  scene.show()
  scene.call('DEL', config({ table: 8 }), chained)
  scene.show()
  scene.call('DEL', config({ table: 7 }), chained)
  scene.show()
})

sameAsReference('sbr: what is missing, and what is wrong', (scene) => {
  attach(scene)
  for (const command of ['ADD', 'CHECK', 'DEL']) scene.call(command, config(), options)
  scene.call('ADD', config(), { ...options, prevResult: { cniVersion: '1.0.0' } })
  scene.call('ADD', config(), { ifName: 'eth7', prevResult: prevResult() })
  scene.call('DEL', config(), { ifName: 'eth7', prevResult: prevResult() })
  for (const table of ['x', [], 1.5]) scene.call('ADD', config({ table }), { ...options, prevResult: prevResult() })
})
