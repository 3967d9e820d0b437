import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { Shared } from '@patchbay/cni/plugin'
import type * as RulesetModule from '../../packages/plugins/src/rules/ruleset/index.ts'
import { type TestNamespace, withNamespaces } from '../lab/namespace-fixture.ts'
import { recordNetfilter } from '../lab/netfilter-record.ts'
import { runIn } from '../lab/witness.ts'

// The package exports plugins alone. The type is that of the very module.
const path = new URL('../../../packages/plugins/dist/src/rules/ruleset/index.js', import.meta.url).href
const { findRuleset, openRuleset } = (await import(path)) as typeof RulesetModule

/** What calls of one program share. */
const shared = new Shared()
after(() => shared[Symbol.dispose]())

function callOn(host: TestNamespace, of = shared) {
  return { hostNetns: host.path, shared: of }
}

const postrouting = { table: { family: 'ip', name: 'nat' }, name: 'POSTROUTING' } as const

function nft(host: TestNamespace, ...args: string[]): void {
  runIn(host, 'nft', ...args)
}

/** As a plugin's call does: it asks whether there is nf_tables, and then for the chain. */
async function look(host: TestNamespace): Promise<string | undefined> {
  using ruleset = await findRuleset(callOn(host))
  return (await ruleset?.findForeignChain(postrouting))?.name
}

/** What our own changes look like: they are counted, and say nothing of what others have. */
async function change(host: TestNamespace, name: string): Promise<void> {
  using ruleset = openRuleset(callOn(host))
  await ruleset.transaction((batch) => batch.addTable({ family: 'inet', name }))
}

/** The names of messages, without their lengths. */
function kinds(messages: readonly string[]): string[] {
  return messages.map((message) => message.replaceAll(/ \d+/g, ''))
}

test('a chain that others do not have is asked for once, while nobody else changes rules', () =>
  withNamespaces(['host'], async ({ host }) => {
    const messages = await recordNetfilter(async () => {
      for (let call = 0; call < 3; call++) {
        assert.equal(await look(host), undefined)
        await change(host, `ours${call}`)
      }
      assert.equal(await look(host), undefined)
    })
    const changed = '{ NEWTABLE }'
    const again = ['GETGEN', changed]
    assert.deepEqual(kinds(messages), ['GETGEN', 'GETCHAIN', changed, ...again, ...again, 'GETGEN'])
  }))

test('a chain that others make is seen by the next call, whoever has changed rules before and after', () =>
  withNamespaces(['host'], async ({ host }) => {
    assert.equal(await look(host), undefined)
    await change(host, 'ours1')
    nft(host, 'add table ip nat; add chain ip nat POSTROUTING')
    await change(host, 'ours2')
    assert.equal(await look(host), 'POSTROUTING')
    nft(host, 'delete table ip nat')
    assert.equal(await look(host), undefined)
    nft(host, 'add table ip nat; add chain ip nat POSTROUTING')
    assert.equal(await look(host), 'POSTROUTING')
  }))

test('a call that does not ask for the generation sees what others have made before it, too', () =>
  withNamespaces(['host'], async ({ host }) => {
    assert.equal(await look(host), undefined)
    nft(host, 'add table ip nat; add chain ip nat POSTROUTING')
    using ruleset = openRuleset(callOn(host))
    assert.equal((await ruleset.findForeignChain(postrouting))?.name, 'POSTROUTING')
  }))

test('what others do not have is remembered of a few hundred chains, and not of every container that ever was', () =>
  withNamespaces(['host'], async ({ host }) => {
    assert.equal(await look(host), undefined)
    const messages = await recordNetfilter(async () => {
      using ruleset = openRuleset(callOn(host))
      for (let index = 0; index < 1000; index++)
        await ruleset.findForeignChain({ table: postrouting.table, name: `CNI-${index}` })
      assert.equal(await look(host), undefined)
    })
    assert.equal(kinds(messages).at(-1), kinds(messages).at(0))
  }))

test('what is known of one namespace is not taken for another', () =>
  withNamespaces(['host', 'other'], async ({ host, other }) => {
    nft(other, 'add table ip nat; add chain ip nat POSTROUTING')
    assert.deepEqual([await look(host), await look(other), await look(host)], [undefined, 'POSTROUTING', undefined])
  }))
