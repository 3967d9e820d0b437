import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { describe, type TestContext, test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { workspaceRoot } from '../repository.ts'
import { checkout } from './checkout.ts'

const compiler = `#!/bin/sh
echo "npm $*" >> calls
mkdir -p node_modules/typescript/bin
echo '{}' > node_modules/.package-lock.json
echo 'require("fs").appendFileSync("calls", "tsc " + process.argv.slice(2) + "\\\\n")' > node_modules/typescript/bin/tsc
`

const scripts = [
  'tools/bootstrap.mjs',
  ...['build-state', 'run-steps', 'targets'].map((name) => `tools/bootstrap/${name}.mjs`),
]
const copies = Object.fromEntries(
  scripts.map((file) => [file, readFileSync(join(workspaceRoot(), file), 'utf8')] as const),
)

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
    ...copies,
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

function isRunning(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
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
    writeFileSync(join(root, 'tools/a.ts'), '')
    run('build')
    assert.deepEqual(calls().slice(2), ['tsc -b'])
    const later = new Date(Date.now() + 5000)
    utimesSync(join(root, 'package-lock.json'), later, later)
    run('build')
    assert.deepEqual(calls().slice(3), ['npm ci --no-audit --no-fund --loglevel=error', 'tsc -b'])
  })

  test('starts nothing when nothing has changed since the last build', (t) => {
    const { root, run, calls } = freshClone(t, {
      'packages/a/src/a.ts': '1',
      'packages/a/dist/src/a.js': '1',
      'packages/a/dist/.tsbuildinfo': '1',
    })
    run('build')
    assert.match(run('build').stdout, /^Nothing has changed since the last build\n$/)
    assert.match(run('test').stdout, /^tested\n$/)
    assert.equal(calls().length, 2)
    const changes = [
      () => writeFileSync(join(root, 'packages/a/src/a.ts'), '2'),
      () => writeFileSync(join(root, 'packages/a/src/new.ts'), ''),
      () => rmSync(join(root, 'packages/a/src/new.ts')),
      () => writeFileSync(join(root, 'packages/a/dist/src/a.js'), '2'),
      () => rmSync(join(root, 'packages/a/dist/.tsbuildinfo')),
      () => rmSync(join(root, 'dist/build-state')),
    ]
    for (const [index, change] of changes.entries()) {
      change()
      run('build')
      assert.equal(calls().length, 3 + index, change.toString())
    }
  })

  test('does not take a build that failed, or sources that changed meanwhile, for built', (t) => {
    const { root, run, calls } = freshClone(t)
    run('build')
    const tsc = join(root, 'node_modules/typescript/bin/tsc')
    const works = readFileSync(tsc, 'utf8')
    writeFileSync(join(root, 'tools/a.ts'), '')
    writeFileSync(tsc, `${works}; process.exitCode = 2`)
    assert.equal(run('build').status, 1)
    writeFileSync(tsc, `${works}; require('fs').writeFileSync('tools/a.ts', 'later')`)
    assert.equal(run('build').status, 0)
    writeFileSync(tsc, works)
    run('build')
    assert.equal(calls().length, 5)
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

  test('builds for another machine with its compiler, after this machine', (t) => {
    const note = `import { appendFileSync } from 'node:fs'
      appendFileSync('built', [process.env.CC ?? 'own', ...process.argv.slice(2)].join(' ').replace(process.cwd(), '.') + '\\n')`
    const { root, run } = freshClone(t, {
      'packages/linux/native/build.mjs': note,
      'packages/patchbay/build.mjs': note,
      'packages/oneshot/build.mjs': note,
      'packages/oneshot/build-objects.mjs': note,
    })
    assert.equal(run('build', '--target', 'arm64').status, 0)
    const built = readFileSync(join(root, 'built'), 'utf8').trim().split('\n')
    const isForTarget = (line: string): boolean => line.includes('arm64')
    assert.equal(built.findIndex(isForTarget), built.length / 2)
    const wanted = ['--target arm64', 'engine --target arm64', 'host --target arm64']
    for (const line of [...wanted, '--output ./dist/addon-arm64/patchbay.node'])
      assert.ok(
        built.some((each) => each.endsWith(line)),
        line,
      )
    assert.ok(built.some((line) => line.startsWith('aarch64-linux-gnu-gcc --output ')))
    const { status, stderr } = run('build', '--target', 'mips')
    assert.equal(status, 1)
    assert.match(stderr, /^Cannot build for "mips": the targets are arm64\n/)
  })

  test('runs steps side by side when none needs the other', (t) => {
    const meet = (mine: string, other: string): string =>
      `import { existsSync, writeFileSync } from 'node:fs'; import { setTimeout } from 'node:timers/promises'
       writeFileSync('${mine}', ''); while (!existsSync('${other}')) await setTimeout(5)`
    const { run } = freshClone(t, {
      'packages/linux/native/build.mjs': meet('addon', 'engine'),
      'packages/oneshot/build-objects.mjs': meet('engine', 'addon'),
      'packages/patchbay/build.mjs': `import { statSync } from 'node:fs'; statSync('addon')`,
    })
    const { status, stdout } = run('build')
    assert.equal(status, 0)
    assert.match(stdout, /build native addon .*\n(?:.*\n)*build executables /)
  })

  test('ends what else is running when a step fails', async (t) => {
    const { root, run } = freshClone(t, {
      'packages/linux/native/build.mjs': `import { existsSync } from 'node:fs'; import { setTimeout } from 'node:timers/promises'
        while (!existsSync('pid')) await setTimeout(5); throw new Error('no addon')`,
      'packages/oneshot/build-objects.mjs': `import { spawn } from 'node:child_process'; import { writeFileSync } from 'node:fs'
        const child = spawn('sleep', ['1000']); writeFileSync('pid', String(child.pid))`,
    })
    const { status, stderr } = run('build')
    assert.equal(status, 1)
    assert.match(stderr, /no addon(?:.*\n)*Cannot build native addon: .*build\.mjs failed, see above\n$/)
    const pid = Number(readFileSync(join(root, 'pid'), 'utf8'))
    while (isRunning(pid)) await setTimeout(5)
  })

  test('stops at a step that fails and shows what it wrote', (t) => {
    const { root, run } = freshClone(t)
    run('build')
    const tsc = join(root, 'node_modules/typescript/bin/tsc')
    writeFileSync(tsc, `console.log('a.ts(1,1): error'); process.exitCode = 2`)
    writeFileSync(join(root, 'tools/a.ts'), '')
    const { status, stdout, stderr } = run('test')
    assert.equal(status, 1)
    assert.doesNotMatch(stdout, /tested/)
    assert.match(stderr, /^a\.ts\(1,1\): error\n\nCannot compile TypeScript: .*tsc -b failed, see above\n$/)
  })

  test('names the commands when it does not know one, and the file when a tool is missing', (t) => {
    const { run } = freshClone(t)
    assert.match(run('tset').stderr, /^Cannot run "tset": the commands are build, test, ok, demo, bench\n$/)
    assert.match(run('bench').stderr, /^Cannot run "bench": bench\/dist\/main\.js does not exist\n$/)
  })
})
