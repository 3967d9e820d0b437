import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const MARK = 'PATCHBAY_TEST_OWN_MOUNTS'

/**
 * `test` for a file whose tests mount things in /run. The file is run once more for them in a mount namespace of its own,
 * with an empty /run; outside, that is one test.
 *
 * @param file the `import.meta.url` of the test file
 */
export function testWithOwnMounts(file: string): (name: string, run: () => void | Promise<void>) => void {
  if (process.env[MARK] !== undefined) return (name, run) => void test(name, run)
  test('in a mount namespace of their own', () => runAgain(fileURLToPath(file)))
  return () => {}
}

function runAgain(file: string): void {
  const { NODE_TEST_CONTEXT: _, ...env } = process.env
  const program = [process.execPath, '--enable-source-maps', '--test', file]
  const script = 'mount -t tmpfs none /run; exec "$@"'
  const args = ['--mount', '--propagation', 'private', '--', 'sh', '-ec', script, 'sh', ...program]
  const { status, stdout } = spawnSync('unshare', args, { env: { ...env, [MARK]: '1' }, encoding: 'utf8' })
  assert.equal(status, 0, stdout)
}
