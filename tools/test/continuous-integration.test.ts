import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, type TestContext, test } from 'node:test'
import { programs } from '../capabilities.ts'
import { workspaceRoot } from '../repository.ts'
import { checkout } from './checkout.ts'

/** What dpkg says where only the compiler is installed. */
const bare = 'case "$* " in *" gcc "*|*" libc6-dev "*) echo "ii " ;; *) exit 1 ;; esac'

/** Runs `.ci/run` with programs that only write down how they are called and say what the test wants. */
function run(
  t: TestContext,
  npm: string,
  { dpkg = bare, unshare = 'exit 0', args = [] as readonly string[] } = {},
): { status: number | null; last: string; calls: string[] } {
  const { root } = checkout(t, {
    '.ci/run': readFileSync(join(workspaceRoot(), '.ci/run'), 'utf8'),
    calls: '',
    'bin/npm': `#!/bin/bash\necho "npm $* CI=$CI" >> calls\n${npm}\n`,
    'bin/dpkg-query': `#!/bin/bash\n${dpkg}\n`,
    'bin/apt-get': `#!/bin/bash\necho "apt-get $*" >> calls\n`,
    'bin/unshare': `#!/bin/bash\necho "unshare \${*//$PWD/.}" >> calls\n${unshare}\n`,
    'bin/mount': '#!/bin/bash\nexit 32\n',
  })
  for (const file of ['npm', 'dpkg-query', 'apt-get', 'unshare', 'mount']) chmodSync(join(root, 'bin', file), 0o755)
  const path = `${join(root, 'bin')}:${process.env['PATH']}`
  const env = { ...process.env, PATH: path }
  const { status, stdout } = spawnSync('bash', [join(root, '.ci/run'), ...args], { env, cwd: '/', encoding: 'utf8' })
  const calls = readFileSync(join(root, 'calls'), 'utf8').trim().split('\n')
  return { status, last: stdout.trimEnd().split('\n').at(-1) ?? '', calls }
}

describe('.ci/run', () => {
  test('runs tests, demo and checks, and adds up what they count', (t) => {
    const npm = 'case "$*" in *demo*) ;; *ok*) echo "8 passed, 0 failed" ;; *) echo "40 passed, 0 failed" ;; esac'
    const { status, last, calls } = run(t, npm)
    assert.deepEqual([status, last], [0, '49 passed, 0 failed'])
    assert.deepEqual(calls, [
      'npm --silent test CI=true',
      'npm --silent run demo CI=true',
      'npm --silent run ok -- --no-tests CI=true',
    ])
  })

  test('fails when anything fails, and still runs the rest', (t) => {
    const npm =
      'case "$*" in *demo*) exit 3 ;; *ok*) echo "2 passed, 1 failed"; exit 1 ;; *) echo "4 passed, 0 failed" ;; esac'
    const { status, last, calls } = run(t, npm)
    assert.deepEqual([status, last], [1, '6 passed, 2 failed'])
    assert.equal(calls.length, 3)
  })

  test('does not believe a green count with a bad status', (t) => {
    assert.deepEqual(run(t, 'echo "4 passed, 0 failed"; exit 1').last, '12 passed, 3 failed')
  })

  test('installs the compiler where it is missing, and leaves the rest to npm test', (t) => {
    const { calls } = run(t, 'exit 0', { dpkg: '[[ "$*" == *gcc* ]] && echo "rc " || exit 1' })
    assert.deepEqual(calls.slice(0, 3), [
      'apt-get update -qq',
      'apt-get install -y -qq --no-install-recommends gcc libc6-dev',
      'npm --silent test CI=true',
    ])
  })

  test('hides what is installed, in a mount namespace of its own', (t) => {
    const dpkg = 'case "$*" in *" gcc "*|*" libc6-dev "*|*strace*|*iptables*) echo "ii " ;; *) exit 1 ;; esac'
    const { calls } = run(t, 'exit 0', { dpkg })
    assert.deepEqual(calls, ['unshare --mount true', 'unshare --mount ./.ci/run --hidden strace iptables'])
  })

  test('counts it as a failure when nothing can be hidden, and goes on', (t) => {
    const refused = run(t, 'echo "4 passed, 0 failed"', { dpkg: 'echo "ii "', unshare: 'exit 1' })
    assert.deepEqual([refused.status, refused.last], [1, '12 passed, 1 failed'])
    const args = ['--hidden', 'strace']
    assert.deepEqual(run(t, 'echo "4 passed, 0 failed"', { args }).last, '12 passed, 1 failed')
  })

  test('hides all the packages that npm test installs', () => {
    const script = readFileSync(join(workspaceRoot(), '.ci/run'), 'utf8')
    const hidden = /^witnesses=\(([^)]*)\)$/m.exec(script)?.[1]?.split(/\s+/) ?? []
    const required = programs.filter((program) => program.required && program.name !== 'cc')
    assert.deepEqual(
      hidden.toSorted(),
      [...new Set(required.flatMap((program) => program.package.split(' ')))].toSorted(),
    )
  })
})
