import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

test('@patchbay/linux and its addon run under Bun', () => {
  const bun = fileURLToPath(new URL('../../../node_modules/.bin/bun', import.meta.url))
  const exercise = fileURLToPath(new URL('exercise/main.js', import.meta.url))
  const addon = createRequire(import.meta.url).resolve('@patchbay/linux/patchbay.node')
  const parts = ['route', 'wrong types', 'closed descriptors', 'extremes', 'full queue', 'closed subscription']
  const run = spawnSync(bun, [exercise, addon, ...parts], { encoding: 'utf8', timeout: 600_000 })
  assert.equal(run.status, 0, `${run.error ?? ''}${run.stdout}${run.stderr}`)
  assert.deepEqual(run.stdout.trim().split('\n'), parts)
})
