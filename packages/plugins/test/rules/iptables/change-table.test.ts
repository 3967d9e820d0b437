import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { cleanTable } from '../../../src/rules/iptables/clean-table.ts'
import { changeTable, findMissingRule, hasIptables, readTable } from '../../../src/rules/iptables/iptables.ts'
import type { Caller } from '../../../src/rules/iptables/run-tool.ts'
import { fakeRequest } from '../../fake-request.ts'

const nat = { version: 4, table: 'nat' } as const
const locked =
  'Another app is currently holding the xtables lock; still 0s 0us time ahead to have a chance to grab it...'

/** Tools that keep what they are told in `input`, and fail as often as there are answers in the script `restore`. */
async function withTools(
  restore: string,
  work: (caller: Caller, read: () => string[]) => Promise<void>,
): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'patchbay-tools-'))
  const install = (name: string, script: string) =>
    writeFileSync(join(directory, name), `#!/bin/sh\ncd ${directory}\n${script}\n`, { mode: 0o755 })
  install('iptables-save', `printf '*nat\\n:OWN - [0:0]\\n-A OWN -j RETURN\\nCOMMIT\\n'`)
  install('iptables-restore', `echo "$*" >>input; cat >>input; number=$(grep -c COMMIT input)\n${restore}`)
  const env = { PATH: `${directory}:${process.env['PATH']}` }
  const read = () => readFileSync(join(directory, 'input'), 'utf8').split('COMMIT\n').slice(0, -1)
  try {
    await work({ hostNetns: '/proc/self/ns/net', env }, read)
  } finally {
    rmSync(directory, { recursive: true })
  }
}

test('changeTable() makes one change of everything, with a bound on the wait for the lock', () =>
  withTools('exit 0', async (caller, read) => {
    await changeTable(caller, nat, (change) => {
      change.ensureChain('NEW')
      change.ensureRule('OWN', ['-m', 'comment', '--comment', 'a b', '-j', 'NEW'])
    })
    assert.deepEqual(read(), ['--noflush --wait 10\n*nat\n-N NEW\n-A OWN -m comment --comment "a b" -j NEW\n'])
  }))

test('changeTable() ends with the reason of an aborted call; cleanTable() takes rules out all the same', () =>
  withTools('exit 0', async (caller, read) => {
    const reason = new Error('the caller is gone')
    const request = fakeRequest({}, { ...caller, signal: AbortSignal.abort(reason) })
    const change = changeTable(request, nat, (table) => table.ensureChain('NEW'))
    await assert.rejects(change, reason)
    await cleanTable(request, { ...nat, certain: true }, (table) => table.removeChain('OWN', { from: 'OWN' }))
    assert.equal(read().length, 1)
  }))

test('changeTable() looks again when someone else has been quicker', () =>
  withTools(
    '[ $number -gt 2 ] || { echo "line 2 failed: Chain already exists." >&2; exit 1; }',
    async (caller, read) => {
      await changeTable(caller, nat, (change) => change.ensureChain('NEW'))
      assert.equal(read().length, 3)
    },
  ))

const refusals: Record<string, [script: string, message: string, attempts: number]> = {
  'what does not fit, at last': [
    'echo "iptables-restore: line 2 failed: Chain already exists." >&2; exit 1',
    'Cannot change table "nat" by "-N NEW": iptables-restore: line 2 failed: Chain already exists.',
    3,
  ],
  'what makes no sense, at once': [
    'printf "wrong\\nError occurred at line: 3\\nTry \\`iptables-restore -h\' for more\\n" >&2; exit 2',
    'Cannot change table "nat" by "-A NEW -j NOWHERE": wrong Error occurred at line: 3',
    1,
  ],
  'a lock that others keep, at once': [`echo "${locked}" >&2; exit 4`, `Cannot change table "nat": ${locked}`, 1],
  silence: ['exit 7', 'Cannot change table "nat": iptables-restore ended with status 7', 1],
}
for (const [what, [script, message, attempts]] of Object.entries(refusals))
  test(`changeTable() says what the tool says: ${what}`, () =>
    withTools(script, async (caller, read) => {
      const change = changeTable(caller, nat, (each) => {
        each.ensureChain('NEW')
        each.append('NEW', ['-j', 'NOWHERE'])
      })
      await assert.rejects(change, { message })
      assert.equal(read().length, attempts)
    }))

test('findMissingRule() gives the rule that the tool stumbles over', () =>
  withTools('echo "line 3 failed: Bad rule" >&2; exit 1', async (caller, read) => {
    const rules = ['A', 'B'].map((chain) => ({ chain, rule: ['-j', 'RETURN'] }))
    assert.equal(await findMissingRule(caller, nat, rules), rules[1])
    assert.deepEqual(read(), ['--noflush --wait 10\n*nat\n-C A -j RETURN\n-C B -j RETURN\n'])
  }))

test('findMissingRule() gives the rule that leads to a chain which is not there', () =>
  withTools(`echo "Chain 'B' does not exist\nError occurred at line: 4" >&2; exit 2`, async (caller) => {
    const rules = ['A', 'B'].map((target) => ({ chain: 'OWN', rule: ['-j', target] }))
    assert.equal(await findMissingRule(caller, nat, rules), rules[1])
  }))

test('findMissingRule() fails when it is not the rules', () =>
  withTools(`echo "${locked}" >&2; exit 4`, async (caller) => {
    const rules = [{ chain: 'OWN', rule: ['-j', 'RETURN'] }]
    await assert.rejects(findMissingRule(caller, nat, rules), {
      message: `Cannot look for rules in table "nat": ${locked}`,
    })
  }))

test('readTable() and hasIptables() look for the tools of the IP version', () =>
  withTools('exit 0', async (caller) => {
    assert.deepEqual([...(await readTable(caller, nat)).keys()], ['OWN'])
    const alone = { ...caller, env: { PATH: '/nonexistent' } }
    assert.deepEqual([hasIptables(caller, 4), hasIptables(alone, 4)], [true, false])
    await assert.rejects(readTable(alone, { ...nat, version: 6 }), /exec: "ip6tables-save": executable file not found/)
  }))
