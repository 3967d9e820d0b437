import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const linux = dirname(createRequire(import.meta.url).resolve('@patchbay/linux/package.json'))
const exercise = fileURLToPath(new URL('exercise/main.js', import.meta.url))

const parts = [
  'route',
  'wrong types',
  'closed descriptors',
  'extremes',
  'storm',
  'full queue',
  'pending buffers',
  'closed subscription',
  'collection',
  'workers',
]

test('the native addon breaks no rule of C in use and in misuse', () => {
  execFileSync(process.execPath, [join(linux, 'native', 'build.mjs'), '--sanitize'])
  const library = execFileSync(process.env['CC'] ?? 'cc', ['-print-file-name=libasan.so'], { encoding: 'utf8' }).trim()
  const { NODE_TEST_CONTEXT: _, ...inherited } = process.env
  const env = {
    ...inherited,
    LD_PRELOAD: library,
    // What the runtime itself never frees is not of interest here.
    ASAN_OPTIONS: 'detect_leaks=0:halt_on_error=1',
    UBSAN_OPTIONS: 'print_stacktrace=1',
  }
  const addon = join(linux, 'dist', 'patchbay.sanitized.node')
  const run = spawnSync(process.execPath, ['--expose-gc', exercise, addon], { env, encoding: 'utf8', timeout: 600_000 })
  assert.equal(run.status, 0, `${run.signal ?? ''}${run.stdout}${run.stderr}`)
  assert.deepEqual(run.stdout.trim().split('\n'), parts)
  assert.doesNotMatch(run.stderr, /AddressSanitizer|runtime error/)
})
