import assert from 'node:assert/strict'
import { describe, type TestContext, test } from 'node:test'
import { checkBudgets } from '../budgets.ts'
import { formatFinding } from '../check.ts'
import { openRepository, workspaceRoot } from '../repository.ts'
import { checkout } from './checkout.ts'

const words = JSON.stringify([{ pattern: 'secre[t]', reason: 'not for print' }])

function found(t: TestContext, files: Record<string, string>, exceptions: readonly object[] = []): string[] {
  const data = {
    'tools/budget-exceptions.json': JSON.stringify(exceptions, null, 2),
    'tools/forbidden-words.json': words,
  }
  return checkBudgets(checkout(t, { ...data, ...files })).map(formatFinding)
}

const longFunction = `export function long() {\n${'  step()\n'.repeat(39)}}\n`
const longFile = 'step()\n'.repeat(301)

describe('checkBudgets()', () => {
  test('finds nothing at the limits', (t) => {
    const longest = longFunction.replace('  step()\n', '')
    assert.deepEqual(
      found(t, {
        'a.ts': longest,
        'b.ts': 'step()\n'.repeat(300),
        'c.json': '\n'.repeat(400),
        'test/fixtures/d.ts': longFile,
      }),
      [],
    )
  })

  test('reports a long file and a long function', (t) => {
    const advice = 'split it, or add it with a reason to tools/budget-exceptions.json'
    assert.deepEqual(found(t, { 'a.ts': longFile, 'b.ts': `\n${longFunction}` }), [
      `a.ts: file-lines: has 301 lines of at most 300: ${advice}`,
      `b.ts:2: function-lines: long has 41 lines of at most 40: ${advice}`,
    ])
  })

  test('accepts what an exception allows, to the line', (t) => {
    const exceptions = [
      { file: 'a.ts', lines: 301, reason: 'a table' },
      { file: 'b.ts', name: 'long', lines: 41, reason: 'a table' },
    ]
    assert.deepEqual(found(t, { 'a.ts': longFile, 'b.ts': longFunction }, exceptions), [])
    const [first, second] = found(t, { 'a.ts': `${longFile}step()\n`, 'b.ts': longFunction }, exceptions)
    assert.match(first ?? '', /^a\.ts: file-lines: has 302/)
    assert.match(second ?? '', /^tools\/budget-exceptions\.json:3: exception: a\.ts needs no exception, or a larger/)
  })

  test('reports exceptions that are unused or have no reason', (t) => {
    const exceptions = [
      { file: 'a.ts', lines: 301, reason: ' ' },
      { file: 'b.ts', name: 'short', lines: 50, reason: 'a table' },
    ]
    assert.deepEqual(found(t, { 'a.ts': longFile }, exceptions), [
      'tools/budget-exceptions.json:3: exception: a.ts is excepted without a reason: give one',
      'tools/budget-exceptions.json:9: exception: short in b.ts needs no exception, or a larger one: correct or remove it',
    ])
  })

  test('reports names that say nothing, in files and folders', (t) => {
    assert.deepEqual(found(t, { 'src/utils/a.ts': '', 'test/link-helpers.ts': '', 'src/helped.ts': '' }), [
      'src/utils/a.ts: name: "utils" says nothing: name the file after what it exports',
      'test/link-helpers.ts: name: "helpers" says nothing: name the file after what it exports',
    ])
  })

  test('reports forbidden words in any text', (t) => {
    assert.deepEqual(found(t, { 'docs/a.md': 'one\na secret two\n', 'b.bin': 'secret\0' }), [
      'docs/a.md:2: word: "secret" is not for print: take it out',
    ])
  })

  test('forbids hosts of registries and paths of a machine, and nothing close to them', (t) => {
    const patterns = openRepository(workspaceRoot()).read('tools/forbidden-words.json')
    const machine = `${'/wo'}rk/main`
    const bad = [`https://registry${'.'}npmjs.org/x`, `cd ${machine}`, `see /home${'/'}jane`, `"/root${'/'}x"`]
    const good = ['/proc/1/root/etc', 'registry.get(name)', '/home', `a network/${'wo'}rk`, '/tmp/reference']
    const repository = checkout(t, {
      'tools/budget-exceptions.json': '[]',
      'tools/forbidden-words.json': patterns,
      'a.md': [...bad, ...good].join('\n'),
    })
    assert.deepEqual(
      checkBudgets(repository).map(({ file, line }) => [file, line]),
      [1, 2, 3, 4].map((line) => ['a.md', line]),
    )
  })
})
