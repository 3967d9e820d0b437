import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Plugin } from '@patchbay/cni/plugin'
import { bridge } from '@patchbay/plugins/bridge'
import { firewall } from '@patchbay/plugins/firewall'
import { portmap } from '@patchbay/plugins/portmap'
import { type CallOptions, type PluginLab, withLab } from '../lab/plugin-lab.ts'
import { type JsonObject, runIn } from '../lab/witness.ts'

const uses = ['masquerade', 'portmap', 'firewall'] as const
const address = { c1: '10.1.2.3', c2: '10.1.2.4' } as const
type Id = keyof typeof address

/** All plugins that record something, in the order in which they attach a container. */
function chainOf(id: Id): [Plugin, JsonObject][] {
  const portMappings = [{ hostPort: id === 'c1' ? 8081 : 8082, containerPort: 80, protocol: 'tcp' }]
  const addresses = [{ address: `${address[id]}/24`, gateway: '10.1.2.1' }, { address: `fd00::${id}/64` }]
  return [
    [bridge, { isGateway: true, ipMasq: true, ipMasqBackend: 'nftables', ipam: { type: 'static', addresses } }],
    [portmap, { backend: 'nftables', runtimeConfig: { portMappings } }],
    [firewall, { backend: 'nftables', ingressPolicy: 'same-bridge' }],
  ]
}

function optionsOf(lab: PluginLab, id: Id): CallOptions {
  return { containerId: id, container: id === 'c1' ? lab.container : lab.other }
}

async function attach(lab: PluginLab, id: Id): Promise<JsonObject> {
  let prevResult: JsonObject | undefined
  for (const [plugin, config] of chainOf(id))
    prevResult = await lab.add(plugin, { ...config, ...(prevResult && { prevResult }) }, optionsOf(lab, id))
  return prevResult ?? {}
}

async function detach(lab: PluginLab, id: Id, prevResult: JsonObject): Promise<void> {
  for (const [plugin, config] of chainOf(id).toReversed())
    await lab.del(plugin, { ...config, prevResult }, optionsOf(lab, id))
}

interface ListedElement {
  elem: { val: { concat: number[] }; comment: string }
}

/** Gives the records of one container another comment, or none: as who restores rules may. */
function damage(lab: PluginLab, id: Id, comment: (text: string) => string | undefined): void {
  for (const use of uses) {
    const set = `inet patchbay ${use}-records`
    const { nftables } = JSON.parse(runIn(lab.host, 'sh', '-c', `nft -j list set ${set}`))
    const listed: ListedElement[] = nftables.flatMap(
      (each: { set?: { elem?: ListedElement[] } }) => each.set?.elem ?? [],
    )
    const own = listed.filter(({ elem }) => elem.comment.includes(address[id]))
    assert.equal(own.length, 1)
    for (const { elem } of own) {
      const key = elem.val.concat.join(' . ')
      const text = comment(elem.comment)
      const says = text === undefined ? '' : `comment "${text}"`
      runIn(lab.host, 'nft', `delete element ${set} { ${key} }; add element ${set} { ${key} ${says} }`)
    }
  }
}

function elements(lab: PluginLab): string[] {
  const { nftables } = JSON.parse(runIn(lab.host, 'nft', '-j', 'list', 'table', 'inet', 'patchbay'))
  return nftables.flatMap((each: Record<string, { name: string; elem?: unknown }>) =>
    Object.values(each).flatMap(({ name, elem }) => (elem === undefined ? [] : [name])),
  )
}

const damages: Record<string, (text: string) => string | undefined> = {
  'no comment': () => undefined,
  'a comment of somebody else': () => 'kept by hand',
  'a comment that is cut off': (text) => `${text.split(',')[0]},`,
}

for (const [what, comment] of Object.entries(damages))
  test(`a record with ${what} keeps nobody from coming and going, and nothing stays`, () =>
    withLab(async (lab) => {
      for (const id of ['c1', 'c2'] as const) {
        const results = { c1: await attach(lab, 'c1'), c2: await attach(lab, 'c2') }
        damage(lab, 'c1', comment)
        for (const [plugin, config] of chainOf('c2').slice(1))
          await lab.add(plugin, { ...config, prevResult: results.c2 }, optionsOf(lab, 'c2'))
        const alive = ['c1', 'c2'].map((containerID) => ({ containerID, ifname: 'eth0' }))
        for (const [plugin, config] of chainOf('c1')) {
          const { document } = await lab.call(plugin, 'GC', { ...config, 'cni.dev/valid-attachments': alive })
          assert.deepEqual(document, {})
        }
        const other = id === 'c1' ? 'c2' : 'c1'
        await detach(lab, id, results[id])
        for (const [plugin, config] of chainOf(other)) {
          const call = { ...config, prevResult: results[other] }
          assert.deepEqual((await lab.call(plugin, 'CHECK', call, optionsOf(lab, other))).document, {})
        }
        await detach(lab, other, results[other])
        assert.deepEqual(elements(lab), [])
      }
    }))
