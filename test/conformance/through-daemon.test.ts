import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { withoutReference } from '../lab/implementation.ts'
import { DAEMON_MARK } from '../lab/scene.ts'

for (const name of ['bridge', 'host-local', 'macvlan', 'ptp']) {
  test(`${name} is what the reference is through the daemon, too`, { skip: withoutReference }, () => {
    const file = fileURLToPath(new URL(`${name}.test.js`, import.meta.url))
    const { NODE_TEST_CONTEXT: _, ...env } = process.env
    const args = ['--enable-source-maps', '--test', file]
    const run = spawnSync(process.execPath, args, { env: { ...env, [DAEMON_MARK]: '1' }, encoding: 'utf8' })
    assert.equal(run.status, 0, run.stdout)
  })
}
