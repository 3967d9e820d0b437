import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Plugin } from '@patchbay/cni/plugin'
import { bridge } from '@patchbay/plugins/bridge'
import { firewall } from '@patchbay/plugins/firewall'
import { portmap } from '@patchbay/plugins/portmap'
import { withoutInet } from '../lab/kernel-without-inet.ts'
import type { TestNamespace } from '../lab/namespace-fixture.ts'
import { attach, bridgeConfig, callOptions, type PacketLab, withPacketLab } from '../lab/packet-lab.ts'
import { type JsonObject, runIn } from '../lab/witness.ts'

const runtimeConfig = { portMappings: [{ hostPort: 8080, containerPort: 80, protocol: 'tcp' }] }

/** Each plugin that makes rules, its configuration, and the key that names the backend. */
const cases: [plugin: Plugin, config: JsonObject, backendKey: string, table: 'nat' | 'filter'][] = [
  [bridge, { ...bridgeConfig, ipMasq: true }, 'ipMasqBackend', 'nat'],
  [portmap, { runtimeConfig }, 'backend', 'nat'],
  [firewall, {}, 'backend', 'filter'],
]

const missingFamily =
  /^(?:unable to setup DNAT: )?Cannot add table inet patchbay: the kernel's nf_tables lacks the family/

/** The rules for containers, of both IP versions. */
function rulesOf(host: TestNamespace, table: string): string {
  const rules = ['iptables-save', 'ip6tables-save'].map((tool) => runIn(host, tool, '-t', table)).join('')
  return rules
    .split('\n')
    .filter((line) => /10\.1\.2\.2|fd00:1:2::2/.test(line))
    .join('\n')
}

function withoutInetLab(work: (lab: PacketLab) => Promise<void>): Promise<void> {
  return withPacketLab((lab) => withoutInet(() => work(lab)))
}

for (const [plugin, keys, backendKey, table] of cases) {
  test(`${plugin.name}: where nf_tables has no family inet, rules are made by iptables, checked and taken back`, () =>
    withoutInetLab(async ({ lab }) => {
      const options = callOptions(lab, 'container')
      const attached = await attach(lab, 'container', plugin === bridge ? keys : {})
      const config = { ...keys, prevResult: attached }
      if (plugin !== bridge) await lab.add(plugin, config, options)
      assert.match(rulesOf(lab.host, table), /10\.1\.2\.2[\s\S]*fd00:1:2::2/)
      const check = await lab.call(plugin, 'CHECK', config, options)
      assert.deepEqual(check.document, {})
      await lab.del(plugin, config, options)
      assert.equal(rulesOf(lab.host, table), '')
      const collected = await lab.call(plugin, 'GC', { 'cni.dev/valid-attachments': [] })
      assert.deepEqual(collected.document, {})
    }))

  test(`${plugin.name}: a backend that is asked for by name says that nf_tables has no family inet`, () =>
    withoutInetLab(async ({ lab }) => {
      const options = callOptions(lab, 'container')
      const prevResult = plugin === bridge ? {} : { prevResult: await attach(lab, 'container') }
      const config = { ...keys, [backendKey]: 'nftables', ...prevResult }
      const { status, document } = await lab.call(plugin, 'ADD', config, options)
      assert.equal(status, 1)
      assert.match(String(document['msg']), missingFamily)
      assert.equal(rulesOf(lab.host, table), '')
    }))

  test(`${plugin.name}: without iptables either, the error says what both lack, and nothing stays`, () =>
    withoutInetLab(async ({ lab }) => {
      const options = callOptions(lab, 'container')
      const prevResult = plugin === bridge ? {} : { prevResult: await attach(lab, 'container') }
      lab.env = { PATH: '/nowhere' }
      const { status, document } = await lab.call(plugin, 'ADD', { ...keys, ...prevResult }, options)
      assert.equal(status, 1)
      assert.match(String(document['msg']), missingFamily)
      assert.match(String(document['msg']), /; and by iptables: exec: "iptables-save": executable file not found/)
      assert.equal(runIn(lab.host, 'nft', 'list', 'ruleset'), '')
    }))
}
