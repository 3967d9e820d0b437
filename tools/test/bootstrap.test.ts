import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, readFileSync, utimesSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { describe, type TestContext, test } from 'node:test'
import { workspaceRoot } from '../repository.ts'
import { checkout } from './checkout.ts'

const compiler = `#!/bin/sh
echo "npm $*" >> calls
mkdir -p node_modules/typescript/bin
echo '{}' > node_modules/.package-lock.json
echo 'require("fs").appendFileSync("calls", "tsc " + process.argv.slice(2) + "\\\\n")' > node_modules/typescript/bin/tsc
`

interface Outcome {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

/** A checkout with this bootstrap, an npm that only pretends to install, and a way to run it. */
function freshClone(t: TestContext, changes: Readonly<Record<string, string>> = {}) {
  const { root } = checkout(t, {
    'package.json': '{}',
    'package-lock.json': '{}',
    'tools/bootstrap.mjs': readFileSync(join(workspaceRoot(), 'tools/bootstrap.mjs'), 'utf8'),
    'tools/dist/test.js': `console.log('tested', ...process.argv.slice(2)); process.exitCode = 7`,
    'bin/npm': compiler,
    ...changes,
  })
  chmodSync(join(root, 'bin/npm'), 0o755)
  const env = { ...process.env, PATH: `${join(root, 'bin')}${delimiter}${process.env['PATH']}` }
  const run = (...args: string[]): Outcome =>
    spawnSync(process.execPath, [join(root, 'tools/bootstrap.mjs'), ...args], { env, cwd: '/', encoding: 'utf8' })
  const calls = (): string[] => readFileSync(join(root, 'calls'), 'utf8').trim().split('\n')
  return { root, run, calls }
}

describe('bootstrap', () => {
  test('installs, builds and runs the tool with its arguments and status', (t) => {
    const { run, calls } = freshClone(t)
    const { status, stdout } = run('test', '--only', 'unit')
    assert.equal(status, 7)
    assert.match(stdout, /^install dependencies +\d+\.\d s\ncompile TypeScript +\d+\.\d s\ntested --only unit\n$/)
    assert.deepEqual(calls(), ['npm ci --no-audit --no-fund --loglevel=error', 'tsc -b'])
  })

  test('installs again only when the lock file is newer', (t) => {
    const { root, run, calls } = freshClone(t)
    run('build')
    run('build')
    assert.deepEqual(calls().slice(2), ['tsc -b'])
    const later = new Date(Date.now() + 5000)
    utimesSync(join(root, 'package-lock.json'), later, later)
    run('build')
    assert.deepEqual(calls().slice(3), ['npm ci --no-audit --no-fund --loglevel=error', 'tsc -b'])
  })

  test('runs the build scripts that exist', (t) => {
    const { root, run } = freshClone(t, {
      'packages/linux/native/build.mjs': `import { writeFileSync } from 'node:fs'; writeFileSync('native', '')`,
      'packages/patchbay/build.mjs': `import { writeFileSync } from 'node:fs'; writeFileSync('executables', '')`,
    })
    assert.equal(run('build').status, 0)
    assert.deepEqual(
      ['native', 'executables'].filter((file) => existsSync(join(root, file))),
      ['native', 'executables'],
    )
  })

  test('stops at a step that fails and shows what it wrote', (t) => {
    const { root, run } = freshClone(t)
    run('build')
    const tsc = join(root, 'node_modules/typescript/bin/tsc')
    writeFileSync(tsc, `console.log('a.ts(1,1): error'); process.exitCode = 2`)
    const { status, stdout, stderr } = run('test')
    assert.equal(status, 1)
    assert.doesNotMatch(stdout, /tested/)
    assert.match(stderr, /^a\.ts\(1,1\): error\n\nCannot compile TypeScript: .*tsc -b failed, see above\n$/)
  })

  test('names the commands when it does not know one, and the file when a tool is missing', (t) => {
    const { run } = freshClone(t)
    assert.match(run('tset').stderr, /^Cannot run "tset": the commands are build, test, ok, demo, bench\n$/)
    assert.match(run('bench').stderr, /^Cannot run "bench": tools\/dist\/bench\.js does not exist\n$/)
  })
})
