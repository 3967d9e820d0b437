import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { describe, type TestContext, test } from 'node:test'
import { workspaceRoot } from '../repository.ts'
import { checkout } from './checkout.ts'
import { withoutNamespaces, withoutProgram } from './without-program.ts'

const tool = join(workspaceRoot(), 'tools/dist/test.js')
const head = `import assert from 'node:assert/strict'\nimport { describe, test } from 'node:test'\n`

type Variables = Readonly<Record<string, string>>

/** A checkout with these tests, as source and as build. */
function withTests(t: TestContext, tests: Readonly<Record<string, string>>): string {
  const files: Record<string, string> = { 'package.json': '{ "type": "module" }' }
  for (const [source, text] of Object.entries(tests)) {
    files[source] = ''
    files[source.replace(/^(packages\/a|tools|test)\//, '$1/dist/').replace(/\.ts$/, '.js')] = head + text
  }
  return checkout(t, files).root
}

function run(
  root: string,
  args: readonly string[] = [],
  variables: Variables = {},
  timeout?: number,
): { status: number | null; lines: string[] } {
  const { NODE_TEST_CONTEXT: _, ...inherited } = process.env
  const env = { ...inherited, CI: 'false', ...variables }
  const { status, stdout, stderr } = spawnSync(process.execPath, [tool, '--root', root, ...args], {
    env,
    timeout,
    encoding: 'utf8',
  })
  assert.equal(stderr, '')
  return { status, lines: stdout.trimEnd().split('\n') }
}

/** A PATH with the programs that the tool needs itself and those of this machine, but without some. */
function pathWithout(root: string, ...names: readonly string[]): string {
  const folder = join(root, 'programs')
  mkdirSync(folder)
  for (const directory of (process.env['PATH'] ?? '').split(delimiter).filter(existsSync))
    for (const program of readdirSync(directory))
      if (!names.includes(program) && !existsSync(join(folder, program)))
        symlinkSync(join(directory, program), join(folder, program))
  return folder
}

describe('npm test', () => {
  test('counts tests but not the suites around them, and says so in the last line', {
    skip: withoutNamespaces,
  }, (t) => {
    const root = withTests(t, {
      'packages/a/test/a.test.ts': `describe('a', () => { test('b', () => {}); test('c', () => {}) }); test('d', () => {})`,
      'test/promises/b.test.ts': `test('e', () => {})`,
    })
    const { status, lines } = run(root)
    assert.equal(status, 0)
    assert.ok(
      lines.some((line) => /^unit +3 passed +\d+\.\d s$/.test(line)),
      lines.join('\n'),
    )
    assert.ok(lines.some((line) => /^promises +1 passed /.test(line)))
    assert.equal(lines.at(-1), '4 passed, 0 failed')
  })

  test('shows a failure with its names, its error and what the file wrote', (t) => {
    const root = withTests(t, {
      'packages/a/test/a.test.ts': `describe('a', () => { test('b', () => { console.log('hint'); assert.equal(1, 2) }) }); test('c', () => {})`,
    })
    const { status, lines } = run(root)
    assert.equal(status, 1)
    const text = lines.join('\n')
    assert.match(text, /✖ packages\/a\/test\/a\.test\.ts › a › b\n +AssertionError.*strictly equal/)
    assert.match(text, /packages\/a\/test\/a\.test\.ts wrote:\n +hint/)
    assert.doesNotMatch(text, /node:internal/)
    assert.equal(lines.at(-1), '1 passed, 1 failed')
  })

  test('names the file that ran a test, also when another module declares it', { skip: withoutNamespaces }, (t) => {
    const root = withTests(t, {
      'test/kernel/a.test.ts': `import { declare } from './declare.js'; declare('moved')`,
      'test/kernel/declare.ts': `export function declare(name) { test(name, () => { console.log('hint'); assert.equal(1, 2) }) }`,
    })
    const text = run(root).lines.join('\n')
    assert.match(text, /✖ test\/kernel\/a\.test\.ts › moved\n/)
    assert.match(text, /test\/kernel\/a\.test\.ts wrote:\n +hint/)
  })

  test('ends a file that takes ten times as long as on a good day, and no other', (t) => {
    const root = withTests(t, {
      'packages/a/test/a.test.ts': `test('hangs', async () => { setInterval(() => {}, 1000); await new Promise(() => {}) })`,
      'packages/a/test/b.test.ts': `test('ends', () => new Promise((resolve) => setTimeout(resolve, 1500)))`,
    })
    mkdirSync(join(root, 'tools'))
    writeFileSync(join(root, 'tools/test-durations.json'), '{ "packages/a/test/a.test.ts": 0.1 }')
    const { lines } = run(root)
    assert.match(lines.join('\n'), /✖ packages\/a\/test\/a\.test\.ts\n +test timed out after 1000ms/)
    assert.equal(lines.at(-1), '1 passed, 1 failed')
  })

  test('goes on when a file that is ended has a program running, and ends that, too', (t) => {
    const root = withTests(t, {
      'packages/a/test/a.test.ts': `
        const { spawn } = await import('node:child_process')
        const { writeFileSync } = await import('node:fs')
        test('hangs', async () => {
          const program = spawn('sleep', ['600'], { stdio: 'inherit' })
          writeFileSync('program', String(program.pid))
          await new Promise(() => {})
        })`,
    })
    mkdirSync(join(root, 'tools'))
    writeFileSync(join(root, 'tools/test-durations.json'), '{ "packages/a/test/a.test.ts": 0.2 }')
    const { lines } = run(root, [], {}, 120_000)
    assert.match(lines.join('\n'), /✖ packages\/a\/test\/a\.test\.ts\n +test timed out after 2000ms/)
    const program = readFileSync(join(root, 'program'), 'utf8')
    // Killed it may be gone already, or wait for its parent to ask how it ended.
    const status = spawnSync('cat', [`/proc/${program}/status`], { encoding: 'utf8' }).stdout
    assert.match(status, /^$|^State:\t[ZX]/m)
  })

  const broken: Record<string, readonly [string, RegExp]> = {
    'a file that does not load': [`throw new Error('no load')`, /no load/],
    'a file without tests': ['', /has no tests/],
    'a file that exits with an error after its tests': [`process.on('exit', () => { process.exitCode = 3 })`, /✖/],
  }
  for (const [name, [text, expected]] of Object.entries(broken)) {
    test(`counts ${name} as a failure`, (t) => {
      const { status, lines } = run(withTests(t, { 'packages/a/test/a.test.ts': text }))
      assert.equal(status, 1)
      assert.match(lines.join('\n'), expected)
      assert.equal(lines.at(-1), '0 passed, 1 failed')
    })
  }

  test('counts a source that is not built as a failure, and ignores builds without source', (t) => {
    const { root } = checkout(t, {
      'packages/a/test/a.test.ts': '',
      'packages/a/dist/test/old.test.js': `${head}test('old', () => {})`,
    })
    const { lines } = run(root)
    assert.match(lines.join('\n'), /✖ packages\/a\/test\/a\.test\.ts\n +is not built/)
    assert.equal(lines.at(-1), '0 passed, 1 failed')
  })

  test('runs what --only, --grep and paths select', (t) => {
    const root = withTests(t, {
      'packages/a/test/a.test.ts': `test('one', () => {}); test('two', () => {})`,
      'packages/a/test/b.test.ts': `test('one', () => {}); test('three', () => {})`,
      'tools/test/c.test.ts': `test('one', () => {})`,
    })
    const last = (...args: string[]): string | undefined => run(root, args).lines.at(-1)
    assert.equal(last('--only', 'tools'), '1 passed, 0 failed')
    assert.equal(last('--only', 'unit', '--grep', 'one|three'), '3 passed, 0 failed')
    assert.equal(last('packages/a/test/a.test.ts'), '2 passed, 0 failed')
    assert.equal(last('packages/a/dist/test/a.test.js', 'tools'), '3 passed, 0 failed')
    assert.equal(last('--grep', 'nothing'), '0 passed, 1 failed')
  })

  test('gives each file of the kernel tests a network, a /run and root of its own', {
    skip: withoutProgram('ip'),
  }, (t) => {
    const text = (name: string): string => `
      import { execFileSync } from 'node:child_process'
      import { readdirSync, writeFileSync } from 'node:fs'
      test('${name}', () => {
        assert.equal(process.getuid(), 0)
        assert.deepEqual(readdirSync('/run').filter((name) => name !== 'mount'), [])
        writeFileSync('/run/${name}', '')
        execFileSync('ip', ['link', 'add', 'same0', 'type', 'bridge'])
      })`
    const root = withTests(t, { 'test/kernel/a.test.ts': text('a'), 'test/kernel/b.test.ts': text('b') })
    const { lines } = run(root, ['--only', 'kernel'])
    assert.equal(lines[0], 'This machine')
    assert.ok(
      lines.some((line) => /^ {2}kernel veth +yes$/.test(line)),
      lines.join('\n'),
    )
    assert.equal(lines.at(-1), '2 passed, 0 failed')
  })

  test('says what to do where namespaces are not allowed, and fails under CI', (t) => {
    const root = withTests(t, {
      'bin/unshare': '',
      'packages/a/test/a.test.ts': `test('one', () => {})`,
      'test/kernel/b.test.ts': `test('two', () => {})`,
    })
    writeFileSync(join(root, 'bin/unshare'), '#!/bin/sh\nexit 1\n', { mode: 0o755 })
    chmodSync(join(root, 'bin/unshare'), 0o755)
    const path = `${join(root, 'bin')}:${process.env['PATH']}`
    const here = run(root, [], { PATH: path })
    assert.equal(here.status, 0)
    assert.ok(
      here.lines.some((line) =>
        /^kernel +not run: no namespaces \(run as root, or allow user namespaces: sysctl /.test(line),
      ),
    )
    assert.equal(here.lines.at(-1), '1 passed, 0 failed')
    const ci = run(root, [], { PATH: path, CI: 'true' })
    assert.equal(ci.status, 1)
    assert.ok(
      ci.lines.some((line) => /^Missing: .*namespaces/.test(line)),
      ci.lines.join('\n'),
    )
  })

  test('leaves out the files that ask programs which are not there, and names them', {
    skip: withoutNamespaces,
  }, (t) => {
    const root = withTests(t, {
      'test/kernel/a.test.ts': `test('one', () => {})`,
      'test/kernel/b.test.ts': `test('two', () => {})`,
      'test/kernel/c.test.ts': `test('three', () => {})`,
    })
    writeFileSync(join(root, 'test/kernel/b.test.ts'), `import { rules } from './rules.ts'`)
    writeFileSync(join(root, 'test/kernel/rules.ts'), `spawnSync('nft', ['list', 'ruleset'])`)
    writeFileSync(join(root, 'test/kernel/c.test.ts'), 'sh(`strace -f true`)')
    const path = pathWithout(root, 'nft', 'strace')
    const here = run(root, ['--no-install'], { PATH: path })
    assert.equal(here.status, 0)
    assert.deepEqual(here.lines.slice(-5), [
      here.lines.at(-5),
      'left out, for lack of nft: test/kernel/b.test.ts',
      'left out, for lack of strace: test/kernel/c.test.ts',
      'To run them, install the Debian packages nftables, strace; as root on Debian, npm test does it',
      '1 passed, 0 failed',
    ])
    assert.equal(
      run(root, ['--no-install', 'test/kernel/a.test.ts'], { PATH: path }).lines.at(-1),
      '1 passed, 0 failed',
    )
    const ci = run(root, ['--no-install'], { PATH: path, CI: 'true' })
    assert.deepEqual([ci.status, ci.lines.at(-1)], [1, '1 passed, 2 failed'])
  })

  test('lists skipped tests; under CI only the lack of a kernel feature is an excuse', {
    skip: withoutNamespaces,
  }, (t) => {
    const root = withTests(t, {
      'packages/a/test/a.test.ts': `test('one', () => {}); test('two', { skip: 'not today' }, () => {}); test('three', { todo: true }, () => {})`,
      'test/kernel/b.test.ts': `test('four', { skip: 'kernel lacks bridge' }, () => {})`,
    })
    const here = run(root, ['--only', 'unit'])
    assert.equal(here.status, 0)
    assert.equal(here.lines.at(-3), 'skipped: packages/a/test/a.test.ts › two: not today')
    assert.equal(here.lines.at(-1), '1 passed, 0 failed')
    const ci = run(root, [], { CI: 'true' })
    assert.equal(ci.status, 1)
    assert.equal(ci.lines.filter((line) => line.includes('(counts as a failure')).length, 3)
  })

  test('fails when a group tries less than it is to try, and when one is lost', (t) => {
    const root = withTests(t, {
      'packages/a/test/a.test.ts': `test('one', (t) => t.diagnostic('40 cases'))`,
    })
    mkdirSync(join(root, 'tools'))
    const counts = (text: string): void => writeFileSync(join(root, 'tools/test-counts.json'), text)
    counts('{ "unit": { "tests": 1, "cases": 40 }, "tools": { "tests": 1, "cases": 0 } }')
    const here = run(root)
    assert.ok(here.lines.some((line) => /^unit +1 passed, 40 cases +/.test(line)))
    assert.equal(here.lines.at(-1), '1 passed, 0 failed')
    const ci = run(root, [], { CI: 'true' })
    assert.ok(ci.lines.some((line) => line.startsWith('tools has shrunk: 0 tests instead of 1; ')))
    counts('{ "unit": { "tests": 1, "cases": 41 } }')
    const shrunk = run(root)
    assert.ok(shrunk.lines.some((line) => line.startsWith('unit has shrunk: 40 cases instead of 41; ')))
    assert.equal(shrunk.lines.at(-1), '1 passed, 1 failed')
    assert.equal(run(root, ['packages/a/test/a.test.ts']).lines.at(-1), '1 passed, 0 failed')
    run(root, ['--write-counts'])
    assert.equal(run(root).lines.at(-1), '1 passed, 0 failed')
  })

  test('answers words that it does not know', (t) => {
    const root = withTests(t, { 'packages/a/test/a.test.ts': '' })
    const answer = (...args: string[]): string => {
      const { status, stderr } = spawnSync(process.execPath, [tool, '--root', root, ...args], { encoding: 'utf8' })
      assert.equal(status, 1)
      return stderr
    }
    assert.match(
      answer('--only', 'kernal'),
      /^Cannot run the tests "kernal": the groups are unit, tools, kernel, .*\nnpm test/,
    )
    assert.match(
      answer('packages/a/test/b.test.ts'),
      /^Cannot run "packages\/a\/test\/b\.test\.ts": no such file in the/,
    )
    assert.match(answer('--onyl', 'unit'), /^Unknown option '--onyl'.*\nnpm test -- /)
  })
})
