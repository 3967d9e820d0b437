import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

function fileOf(path: string): string {
  return fileURLToPath(new URL(path, import.meta.url))
}

const program = fileOf('exercise/listener-throws.js')

/** Nobody handles the error: it ends the program as any other would. */
function assertEndsByError(command: string, ...args: string[]): void {
  const { status, signal, stderr } = spawnSync(command, args, { encoding: 'utf8', timeout: 60_000 })
  assert.deepEqual({ status, signal }, { status: 1, signal: null }, stderr)
  assert.match(stderr, /thrown by the listener/)
}

test('Node ends by what a listener of a subscription throws', () => {
  assertEndsByError(process.execPath, program)
})

test('Bun ends by what a listener of a subscription throws', () => {
  assertEndsByError(fileOf('../../../node_modules/.bin/bun'), program)
})

test('the one-shot executable ends by what a listener of a subscription throws', () => {
  const folder = mkdtempSync(join(tmpdir(), 'patchbay-oneshot-'))
  try {
    const executable = join(folder, 'program')
    const build = fileOf('../../../packages/oneshot/build.mjs')
    execFileSync(process.execPath, [build, '--entry', program, '--output', executable])
    assertEndsByError(executable)
  } finally {
    rmSync(folder, { recursive: true })
  }
})
