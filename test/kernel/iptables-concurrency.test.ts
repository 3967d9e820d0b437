import assert from 'node:assert/strict'
import { test } from 'node:test'
import { firewall } from '@patchbay/plugins/firewall'
import { portmap } from '@patchbay/plugins/portmap'
import { withLab } from '../lab/plugin-lab.ts'
import { type JsonObject, runIn } from '../lab/witness.ts'

const tools = ['iptables-save', 'ip6tables-save'] as const
const containers = Array.from({ length: 12 }, (_, index) => index + 2)

function resultOf(index: number): JsonObject {
  return {
    cniVersion: '1.1.0',
    interfaces: [{ name: 'cni0' }, { name: 'veth0' }, { name: 'eth0', sandbox: '/run/netns/c1' }],
    ips: [`10.1.2.${index}/24`, `fd00:1:2::${index}/64`].map((address) => ({ address, interface: 2 })),
  }
}

test('iptables: containers that come and go at once on a fresh host have each rule once, and leave none', () =>
  withLab(async (lab) => {
    const calls = containers.flatMap((index) => {
      const [backend, prevResult] = ['iptables', resultOf(index)]
      const portMappings = [{ hostPort: 8000 + index, containerPort: 80, protocol: 'tcp' }]
      return [
        { plugin: portmap, config: { backend, prevResult, runtimeConfig: { portMappings } }, containerId: `c${index}` },
        { plugin: firewall, config: { backend, prevResult, ingressPolicy: 'isolated' }, containerId: `c${index}` },
      ]
    })
    await Promise.all(calls.map(({ plugin, config, containerId }) => lab.add(plugin, config, { containerId })))
    for (const tool of tools) {
      const rules = rulesOf(runIn(lab.host, tool))
      assert.deepEqual(
        rules.filter((rule, index) => rules.indexOf(rule) < index),
        [],
      )
      for (const owned of [/-j DNAT/, /-A CNI-FORWARD -s /])
        assert.equal(rules.filter((rule) => owned.test(rule)).length, containers.length)
    }
    await Promise.all(calls.map(({ plugin, config, containerId }) => lab.del(plugin, config, { containerId })))
    for (const tool of tools) assert.doesNotMatch(runIn(lab.host, tool), /CNI-DN-|-A CNI-FORWARD.* -j ACCEPT/)
  }))

/** The rules of all tables, each behind its table. */
function rulesOf(saved: string): string[] {
  return saved.split(/^\*/m).flatMap((text) => {
    const [table = '', ...lines] = text.split('\n')
    return lines.filter((line) => line.startsWith('-A ')).map((line) => `${table} ${line}`)
  })
}
