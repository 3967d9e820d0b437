import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'

const build = fileURLToPath(new URL('../../build.mjs', import.meta.url))
const program = fileURLToPath(new URL('program/signals.js', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'patchbay-oneshot-'))
after(() => rmSync(folder, { recursive: true }))

test('the host is told of the end of every process, however close it comes', () => {
  const executable = join(folder, 'signals')
  execFileSync(process.execPath, [build, '--entry', program, '--output', executable])
  assert.equal(execFileSync(executable, { encoding: 'utf8', timeout: 600_000 }), 'lost 0 of 2000\n')
})
