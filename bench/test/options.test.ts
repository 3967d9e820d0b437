import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { chains } from '../cases.ts'
import { settingsOf } from '../options.ts'
import { usage } from '../usage.ts'

const folder = mkdtempSync(join(tmpdir(), 'patchbay-options-'))
after(() => rmSync(folder, { recursive: true }))
for (const name of ['own', 'theirs']) {
  mkdirSync(join(folder, name))
  writeFileSync(join(folder, name, 'bridge'), '')
}
const list = join(folder, 'a.conflist')
writeFileSync(list, JSON.stringify({ cniVersion: '1.0.0', name: 'blue', plugins: [{ type: 'bridge' }] }))

const own = join(folder, 'own')
const theirs = join(folder, 'theirs')

function read(args: readonly string[], surrounding = { own, reference: undefined as string | undefined }) {
  const settings = settingsOf(args, surrounding)
  assert.ok(settings)
  return { ...settings, names: settings.lanes.map(({ name }) => name) }
}

test('the lanes are ours, the reference and every --plugins; --lanes chooses among them', () => {
  const ours = ['daemon', 'one-shot', 'in one process']
  assert.deepEqual(read([]).names, ours)
  assert.deepEqual(read([], { own, reference: theirs }).names, [...ours, 'reference'])
  assert.deepEqual(read(['--plugins', `a=${theirs}`, '--plugins', `b=${theirs}`]).names, [...ours, 'a', 'b'])
  const chosen = read(['--plugins', `a=${theirs}`, '--lanes', 'a,daemon'])
  assert.deepEqual(chosen.names, ['a', 'daemon'])
  assert.deepEqual(chosen.lanes[0]?.plugins, ['bridge'])
})

test('other plugins can be timed where ours are not built', () => {
  const surrounding = { own: join(folder, 'none'), reference: undefined }
  assert.deepEqual(read(['--plugins', `a=${theirs}`], surrounding).names, ['a'])
  assert.throws(() => read([], surrounding), /^Error: Cannot time anything: there are no plugins/)
})

test('lanes are compared with the reference, else with the first of others, or with what --base says', () => {
  const both = ['--plugins', `a=${theirs}`, '--reference', theirs]
  assert.equal(read(both).base, 'reference')
  assert.equal(read(['--plugins', `a=${theirs}`]).base, 'a')
  assert.equal(read([...both, '--base', 'one-shot']).base, 'one-shot')
  assert.equal(read([]).base, undefined)
})

test('with --list, the lists of the bench are timed only when --chains asks for them', () => {
  const names = (...args: readonly string[]) => read(args).lists.map(({ name }) => name)
  assert.deepEqual(names('--list', list), ['blue'])
  assert.deepEqual(names('--list', list, '--chains', 'ptp'), ['blue', 'ptp'])
  assert.deepEqual(
    names(),
    chains.map(({ name }) => name),
  )
  assert.deepEqual(read(['--list', list]).lanes[0]?.lists[0]?.plugins, [{ type: 'bridge' }])
})

test('--quick is less of all, and what is said beside it counts', () => {
  const [whole, quick] = [read([]).numbers, read(['--quick', '--drain', '8']).numbers]
  assert.ok(quick.rounds < whole.rounds && quick.warmUp < whole.warmUp)
  assert.deepEqual([quick.parallel, quick.drain, quick.leases], [0, 8, [0]])
})

test('an option that cannot be used is named, with the reason', () => {
  const cases: [string[], RegExp][] = [
    [['--rounds', 'many'], /Cannot use --rounds "many": not a whole number/],
    [['--leases', '10,'], /Cannot use --leases "": not a whole number/],
    [['--plugins', 'a'], /Cannot use --plugins "a": it is not NAME=DIR/],
    [['--plugins', `daemon=${theirs}`], /there is a lane of that name/],
    [['--plugins', 'a=/nowhere'], /Cannot time "a": there is no folder "\/nowhere"/],
    [['--lanes', 'reference'], /Cannot use --lanes "reference": the lanes are daemon, one-shot, in one process/],
    [['--base', 'a'], /Cannot use --base "a": the lanes are/],
    [['--chains', 'vlan'], /Cannot time "vlan": the chains are/],
    [['--svg', 'a.svg'], /Cannot draw ratios/],
    [['--list', '/nowhere'], /Cannot time "\/nowhere": ENOENT/],
    [['--attachments', '9', '--attachments-own', '9'], /Cannot use --attachments-own 9: no more than --attachments 9/],
  ]
  for (const [args, message] of cases) assert.throws(() => read(args), { message })
})

test('--help explains every option', () => {
  assert.equal(settingsOf(['--help'], { own, reference: undefined }), undefined)
  for (const option of [
    '--quick',
    '--bars',
    '--strict',
    '--list',
    '--base',
    '--data-path',
    '--gc',
    '--drain',
    '--json',
  ])
    assert.ok(usage.includes(`  ${option} `), option)
  assert.ok(usage.split('\n').every((line) => line.length <= 130))
})
