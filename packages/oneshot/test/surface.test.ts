import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'

const build = fileURLToPath(new URL('../../build.mjs', import.meta.url))
const program = fileURLToPath(new URL('program/main.js', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'patchbay-oneshot-'))
after(() => rmSync(folder, { recursive: true }))

function answersOf(command: readonly [string, ...string[]]): Record<string, unknown> {
  const [file, ...args] = command
  const directory = mkdtempSync(join(folder, 'run-'))
  const env = { HOME: '/home', EMPTY: '', ASAN_OPTIONS: 'detect_leaks=0', PATH: process.env['PATH'] }
  const { status, stdout, stderr } = spawnSync(file, args, {
    cwd: directory,
    env,
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  })
  assert.deepEqual({ status, stderr }, { status: 7, stderr: '' })
  return JSON.parse(stdout)
}

const expected = answersOf([process.execPath, program])

const hosts = { 'the host': [], 'the host with sanitizers': ['--sanitize'] }
for (const [name, flags] of Object.entries(hosts)) {
  const executable = join(folder, `host-${flags.length}`)
  execFileSync(process.execPath, [build, '--entry', program, '--output', executable, ...flags])
  const answers = answersOf([executable])
  for (const [what, answer] of Object.entries(expected))
    test(`${name} does as Node does: ${what}`, () => assert.deepEqual(answers[what], answer))
  test(`${name} answers no more than Node`, () => assert.deepEqual(Object.keys(answers), Object.keys(expected)))
}
