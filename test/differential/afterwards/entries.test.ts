import assert from 'node:assert/strict'
import { test } from 'node:test'
import { withoutReference } from '../../lab/implementation.ts'
import { differenceOf, readDifferences } from '../documented.ts'
import { isWhole, pageHash, readRecord } from '../property.ts'
import { subjects } from '../subjects.ts'

const circumstances = { plugin: 'bridge', command: 'ADD', configuration: '{"mtu":1400}', hasFailed: false }
const entry = (lines: string) => readDifferences(`\`\`\`difference some-id\n${lines}\n\`\`\`\n`)

test('an entry of docs/differences.md covers the lines that it shows, and no other', () => {
  const [text, line] = [
    'host: link veth<…>: txqlen: ours 1000, reference …',
    'host: link veth<1>: txqlen: ours 1000, reference nothing',
  ]
  const covers = (lines: string, hasFailed = false) =>
    differenceOf(line, entry(lines), { ...circumstances, hasFailed })?.id
  assert.equal(covers(text), 'some-id')
  assert.equal(covers(`plugins: ptp, bridge\ncommands: ADD\nconfiguration: "mtu"\n${text}`), 'some-id')
  assert.equal(covers(`after: a failed ADD\n${text}`, true), 'some-id')
  for (const other of [
    'plugins: ptp',
    'commands: DEL',
    'configuration: "vlan"',
    'unless: "mtu"',
    'after: a failed ADD',
  ])
    assert.equal(covers(`${other}\n${text}`), undefined, other)
  assert.equal(covers('host: link veth<…>: txqlen: ours 500, reference …'), undefined)
  assert.equal(covers(text.slice(6)), undefined)
})

test('entries have an id of their own, and something to be seen', () => {
  const differences = readDifferences()
  assert.equal(new Set(differences.map(({ id }) => id)).size, differences.length)
  for (const { id, lines, plugins } of differences) {
    assert.notEqual(lines.length, 0, id)
    for (const plugin of plugins) assert.ok(plugin in subjects, `${id}: ${plugin}`)
  }
})

if (isWhole && withoutReference === false)
  test('every entry has been seen by a test', () => {
    const seen = new Set(
      Object.keys(subjects).flatMap((plugin) => {
        const { page, ids } = readRecord(plugin)
        assert.equal(page, pageHash(), `${plugin} was tried with another page: run --only differential --whole`)
        return ids
      }),
    )
    const dead = readDifferences().filter(({ id }) => !seen.has(id))
    assert.deepEqual(
      dead.map(({ id }) => id),
      [],
    )
  })
