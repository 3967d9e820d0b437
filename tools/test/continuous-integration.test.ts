import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, type TestContext, test } from 'node:test'
import { programs } from '../capabilities.ts'
import { workspaceRoot } from '../repository.ts'
import { checkout } from './checkout.ts'

interface Environment {
  readonly dpkg?: string
  readonly variables?: Readonly<Record<string, string>>
}

/** Runs `.ci/run` with programs that only write down how they are called and say what the test wants. */
function run(
  t: TestContext,
  npm: string,
  { dpkg = 'echo "ii "', variables = { PATCHBAY_REFERENCE: '/reference' } }: Environment = {},
): { status: number | null; last: string; calls: string[] } {
  const { root } = checkout(t, {
    '.ci/run': readFileSync(join(workspaceRoot(), '.ci/run'), 'utf8'),
    calls: '',
    'bin/npm': `#!/bin/bash\necho "npm $* CI=$CI REFERENCE=$PATCHBAY_REFERENCE" >> calls\n${npm}\n`,
    'bin/dpkg-query': `#!/bin/bash\n${dpkg}\n`,
    '.ci/reference-plugins': `#!/bin/bash\nmkdir -p "$1"; echo "reference-plugins" >> calls; exit \${REFERENCE_STATUS:-0}\n`,
    'bin/apt-get': `#!/bin/bash\necho "apt-get $*" >> calls\n`,
  })
  for (const file of ['bin/npm', 'bin/dpkg-query', 'bin/apt-get', '.ci/reference-plugins'])
    chmodSync(join(root, file), 0o755)
  const path = `${join(root, 'bin')}:${process.env['PATH']}`
  const env = { ...process.env, PATH: path, ...variables }
  const { status, stdout } = spawnSync('bash', [join(root, '.ci/run')], { env, cwd: '/', encoding: 'utf8' })
  const calls = readFileSync(join(root, 'calls'), 'utf8').trim().split('\n')
  return { status, last: stdout.trimEnd().split('\n').at(-1) ?? '', calls }
}

describe('.ci/run', () => {
  test('runs tests, demo and checks, and adds up what they count', (t) => {
    const npm = 'case "$*" in *demo*) ;; *ok*) echo "8 passed, 0 failed" ;; *) echo "40 passed, 0 failed" ;; esac'
    const { status, last, calls } = run(t, npm)
    assert.deepEqual([status, last], [0, '49 passed, 0 failed'])
    assert.deepEqual(calls, [
      'npm --silent test CI=true REFERENCE=/reference',
      'npm --silent run demo CI=true REFERENCE=/reference',
      'npm --silent run ok -- --no-tests CI=true REFERENCE=/reference',
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

  test('installs only the packages that are missing, updating the lists once', (t) => {
    const dpkg = '[[ "$*" == *iproute2* ]] && exit 1 || [[ "$*" == *gcc* ]] && echo "rc " || echo "ii "'
    const { calls } = run(t, 'exit 0', { dpkg })
    assert.deepEqual(calls.slice(0, 2), [
      'apt-get update -qq',
      'apt-get install -y -qq --no-install-recommends gcc iproute2',
    ])
    assert.equal(calls.length, 5)
  })

  test('gets the reference plugins unless it is told where they are, and goes on without', (t) => {
    const variables = { PATCHBAY_REFERENCE: '' }
    const { calls } = run(t, 'exit 0', { variables })
    assert.equal(calls[0], 'reference-plugins')
    assert.match(calls[1] ?? '', /^npm --silent test CI=true REFERENCE=\/\S+\/reference$/)
    const without = run(t, 'exit 0', { variables: { ...variables, REFERENCE_STATUS: '1' } })
    assert.deepEqual(without.calls.slice(0, 2), ['reference-plugins', 'npm --silent test CI=true REFERENCE='])
  })

  test('installs the packages of the programs that tests require', () => {
    const script = readFileSync(join(workspaceRoot(), '.ci/run'), 'utf8')
    const installed = /^packages=\((.*)\)$/m.exec(script)?.[1]?.split(' ') ?? []
    const required = programs.filter((program) => program.required).map((program) => program.package)
    assert.deepEqual(
      required.filter((name) => !installed.includes(name)),
      [],
    )
  })
})
