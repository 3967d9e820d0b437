import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { workspaceRoot } from '#tools/repository'

const oneshot = join(workspaceRoot(), 'packages/oneshot')
/** Says what the parts of Node do that plugins use; its exit status is 7. */
const program = join(oneshot, 'dist/test/program/main.js')
const folder = mkdtempSync(join(tmpdir(), 'patchbay-arm64-'))
after(() => rmSync(folder, { recursive: true }))

function answersOf(command: string, ...args: readonly string[]): Record<string, unknown[]> {
  const env = { HOME: '/home', EMPTY: '', PATH: process.env['PATH'] }
  const cwd = mkdtempSync(join(folder, 'run-'))
  const { status, stdout, stderr } = spawnSync(command, args, { cwd, env, encoding: 'utf8', maxBuffer: 2 ** 28 })
  assert.deepEqual({ status, stderr }, { status: 7, stderr: '' })
  return JSON.parse(stdout)
}

/** Of a program that cannot be executed, the emulator tells its parent only that it has ended. */
const unlikeKernel = [
  'a program that is not there',
  'the events of one that is not there',
  'the events of one that is no program',
]

/** Node's answers here, with what is different on the other processor. */
function expected(): Record<string, unknown[]> {
  const answers = answersOf(process.execPath, program)
  const [process_ = [], constants = []] = [answers['process'], answers['constants']]
  // <asm/fcntl.h> of arm64
  const O_DIRECTORY = 0o40000
  return { ...answers, process: process_.with(1, 'arm64'), constants: constants.with(6, O_DIRECTORY) }
}

test('what plugins use of Node is on arm64 as it is here', () => {
  const executable = join(folder, 'surface')
  const build = ['--target', 'arm64', '--entry', program, '--output', executable]
  execFileSync(process.execPath, [join(oneshot, 'build.mjs'), ...build])
  const answers = answersOf('qemu-aarch64', executable)
  for (const [what, answer] of Object.entries(expected()))
    if (!unlikeKernel.includes(what)) assert.deepEqual(answers[what], answer, what)
})
