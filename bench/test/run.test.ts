import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { withoutProgram } from '#tools/test/without-program'

const skip = withoutProgram('ip')
const main = fileURLToPath(new URL('../main.js', import.meta.url))

function script(type: string, notes: string, refused: string): string {
  return `#!/bin/sh
read -r config
echo "$CNI_COMMAND ${type} $config" >>${notes}
[ $CNI_COMMAND != ${refused} ] || { echo '{"code":4,"msg":"not today"}'; exit 1; }
echo '{"cniVersion":"1.1.0","ips":[]}'
`
}

/** Two folders of plugins that write each call to a file, and a list of two of them. */
function setUp(t: TestContext, refused = 'nothing') {
  const folder = mkdtempSync(join(tmpdir(), 'patchbay-run-'))
  t.after(() => rmSync(folder, { recursive: true }))
  for (const lane of ['red', 'blue'])
    for (const type of ['main', 'last']) {
      mkdirSync(join(folder, lane), { recursive: true })
      const path = join(folder, lane, type)
      writeFileSync(path, script(type, join(folder, `${lane}.notes`), refused))
      chmodSync(path, 0o755)
    }
  const plugins = [
    { type: 'main', mtu: 1400 },
    { type: 'last', capabilities: { portMappings: true } },
  ]
  writeFileSync(join(folder, 'a.conflist'), JSON.stringify({ cniVersion: '1.1.0', name: 'green', plugins }))
  const run = (...args: readonly string[]) => {
    const json = join(folder, 'out.json')
    const { stdout, stderr, status } = spawnSync(
      process.execPath,
      [
        main,
        ...['--plugins', `red=${folder}/red`, '--plugins', `blue=${folder}/blue`, '--lanes', 'red,blue'],
        ...['--list', join(folder, 'a.conflist'), '--rounds', '1', '--group-rounds', '1', '--warm-up', '1'],
        ...['--parallel', '2', '--drain', '2', '--gc', '2', '--json', json, ...args],
      ],
      { encoding: 'utf8' },
    )
    return { stdout, stderr, status, json: JSON.parse(readFileSync(json, 'utf8')) }
  }
  const notes = (lane: string) =>
    readFileSync(join(folder, `${lane}.notes`), 'utf8')
      .trim()
      .split('\n')
      .map((line) => /^(\S+) (\S+) (.*)$/.exec(line)?.slice(1) ?? [])
      .map(([command, type, config]) => ({ command, type, config: JSON.parse(config ?? '') }))
  return { run, notes }
}

test('foreign plugins and a list of their own are timed as a runtime calls them, without ours', { skip }, (t) => {
  const { run, notes } = setUp(t)
  const { stdout, stderr, status, json } = run()
  assert.equal(status, 0, stdout + stderr)
  const names: string[] = json.rows.map(({ name }: { name: string }) => name)
  const expected = [
    'green ADD',
    'green DEL',
    'green CHECK',
    'green STATUS',
    'green, 30 in a row, each ADD',
    'main VERSION',
  ]
  const groups = ['green, 16 at a time, DEL', 'green, node of 2 drained by 4, each', 'green, 1 of 2 stale, GC']
  for (const row of [...expected, ...groups]) assert.ok(names.includes(row), `${row} is not in ${names}`)
  assert.equal(json.format, 1)
  assert.equal(json.base, 'red')
  const add = json.rows.find(({ name }: { name: string }) => name === 'green ADD')
  assert.equal(add.unit, 'ms')
  assert.equal(add.ratios.blue.ratio.toFixed(6), (add.lanes.red.rounds[0] / add.lanes.blue.rounds[0]).toFixed(6))
  assert.match(stdout, /^green ADD +\d[\d.]* +\d[\d.]* +\d[\d.]* +\d[\d.]* +\d[\d.]*x$/m)
  for (const lane of ['red', 'blue']) {
    const [first, second] = notes(lane).filter(({ command }) => command === 'ADD')
    assert.deepEqual(first?.config, { cniVersion: '1.1.0', name: 'green', type: 'main', mtu: 1400 })
    const { prevResult, runtimeConfig, ...config } = second?.config ?? {}
    assert.deepEqual(config, { cniVersion: '1.1.0', name: 'green', type: 'last' })
    assert.deepEqual(prevResult, { cniVersion: '1.1.0', ips: [] })
    assert.deepEqual(runtimeConfig.portMappings.length, 1)
    const types = notes(lane).filter(({ command }) => command === 'DEL')
    assert.deepEqual([types[0]?.type, types[1]?.type], ['last', 'main'])
    const collected = notes(lane).find(({ command }) => command === 'GC')
    assert.equal(collected?.config['cni.dev/valid-attachments'].length, 1)
    assert.equal(collected?.config.runtimeConfig, undefined)
  }
})

test('what a plugin refuses is missing in its row and said, the rest is timed, and the status is 1', { skip }, (t) => {
  const { run } = setUp(t, 'STATUS')
  const { stdout, status, json } = run('--parallel', '0', '--drain', '0', '--gc', '0')
  assert.equal(status, 1)
  assert.match(stdout, /^- red, green.*: .*Cannot time STATUS of ".*main": .*not today/m)
  const names: string[] = json.rows.map(({ name }: { name: string }) => name)
  assert.ok(!names.includes('green STATUS') && names.includes('green CHECK'))
  assert.equal(json.failures.length, 2)
})
