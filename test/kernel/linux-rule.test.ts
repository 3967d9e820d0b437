import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseCIDR } from '@patchbay/address'
import { addRule, deleteRule, FIB_RULE, FR_ACT, listRules, RT_TABLE, type Rule } from '@patchbay/linux/route'
import { type TestNamespace, withNamespaces } from '../lab/namespace-fixture.ts'
import { ip, ipJson } from '../lab/witness.ts'

/** Rules, and how ip(8) is told the same. */
const rows: readonly [rule: Rule, words: string][] = [
  [{ family: 4, priority: 100, src: parseCIDR('10.0.0.7/32'), table: 100 }, 'pref 100 from 10.0.0.7 lookup 100'],
  [{ family: 6, priority: 100, src: parseCIDR('fd00::/64'), table: 100 }, 'pref 100 from fd00::/64 lookup 100'],
  [{ family: 4, priority: 101, dst: parseCIDR('10.1.0.0/16'), table: 70000 }, 'pref 101 to 10.1.0.0/16 lookup 70000'],
  [{ family: 6, priority: 102, fwmark: 3, fwmask: 7, table: RT_TABLE.MAIN }, 'pref 102 fwmark 3/7 lookup main'],
  [{ family: 4, priority: 103, iifname: 'a', oifname: 'b', table: 9 }, 'pref 103 iif a oif b lookup 9'],
  [
    {
      family: 4,
      priority: 104,
      action: FR_ACT.PROHIBIT,
      flags: FIB_RULE.INVERT,
      src: parseCIDR('10.0.0.0/8'),
    },
    'pref 104 not from 10.0.0.0/8 prohibit',
  ],
  [
    { family: 6, priority: 105, table: RT_TABLE.MAIN, suppressPrefixlen: 0 },
    'pref 105 lookup main suppress_prefixlength 0',
  ],
  [{ family: 4, src: parseCIDR('10.0.0.8/32'), table: 101 }, 'from 10.0.0.8 lookup 101'],
]

function rulesOf(place: TestNamespace): unknown[] {
  return [...ipJson(place, '-4', 'rule', 'show'), ...ipJson(place, '-6', 'rule', 'show')]
}

function addByIp(place: TestNamespace, { family }: Rule, words: string): void {
  ip(place, `-${family}`, 'rule', 'add', ...words.split(' '))
}

test('addRule() makes the rules that ip(8) makes, and fails with EEXIST where there is one', () =>
  withNamespaces(['ours', 'theirs'], async ({ ours, theirs }) => {
    for (const [rule, words] of rows) {
      await addRule(ours.socket, rule)
      addByIp(theirs, rule, words)
      assert.deepEqual(rulesOf(ours), rulesOf(theirs), words)
      if (rule.priority !== undefined)
        await assert.rejects(addRule(ours.socket, rule), {
          operation: 'RTM_NEWRULE',
          code: 'EEXIST',
          object: /^rule \d+/.exec(`rule ${rule.priority}`)?.[0] + (rule.src ? ` from ${rule.src.network}` : ''),
        })
    }
  }))

test('listRules() lists what ip(8) has made, of both IP versions or one, as addRule() takes it', () =>
  withNamespaces(['ours', 'theirs'], async ({ ours, theirs }) => {
    const before = await listRules(theirs.socket)
    assert.deepEqual(
      before.map(({ family, priority, table }) => [family, priority, table]),
      [
        [4, 0, RT_TABLE.LOCAL],
        [4, 32766, RT_TABLE.MAIN],
        [4, 32767, RT_TABLE.DEFAULT],
        [6, 0, RT_TABLE.LOCAL],
        [6, 32766, RT_TABLE.MAIN],
      ],
    )
    for (const [rule, words] of rows) addByIp(theirs, rule, words)
    const listed = await listRules(theirs.socket)
    for (const rule of listed.filter(
      (rule) => !before.some(({ family, priority }) => family === rule.family && priority === rule.priority),
    ))
      await addRule(ours.socket, rule)
    assert.deepEqual(rulesOf(ours), rulesOf(theirs))
    const families = async (family: 4 | 6) => (await listRules(theirs.socket, { family })).map((rule) => rule.family)
    assert.deepEqual(new Set(await families(4)), new Set([4]))
    assert.deepEqual(new Set(await families(6)), new Set([6]))
    assert.equal((await families(4)).length + (await families(6)).length, listed.length)
  }))

test('deleteRule() deletes the rule that agrees in what is given, and fails with ENOENT when no rule agrees', () =>
  withNamespaces(['host'], async ({ host }) => {
    const before = rulesOf(host)
    for (const [rule, words] of rows) addByIp(host, rule, words)
    for (const [rule] of rows) await deleteRule(host.socket, rule)
    assert.deepEqual(rulesOf(host), before)
    for (const [rule] of rows)
      await assert.rejects(deleteRule(host.socket, rule), { operation: 'RTM_DELRULE', code: 'ENOENT' })
  }))
