import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, type TestContext, test } from 'node:test'
import { archive } from '../kernels/archive.ts'
import { findKernel } from '../kernels/kernel-files.ts'
import { chooseKernels, kernels } from '../kernels/kernels.ts'
import { makeRunFolder } from '../kernels/run-folder.ts'
import { lacksLine, notRunLines } from '../kernels/run-on-kernels.ts'
import { workspaceRoot } from '../repository.ts'
import { selectTests } from '../test-selection.ts'
import { checkout } from './checkout.ts'

const [oldest, second] = kernels
assert.ok(oldest && second)

describe('chooseKernels()', () => {
  const versions = (...args: Parameters<typeof chooseKernels>) =>
    chooseKernels(...args).chosen.map(({ version }) => version)

  test('takes the oldest unless told otherwise, and says which are left', () => {
    const { chosen, left, isNamed } = chooseKernels([], { whole: false })
    assert.deepEqual(chosen, [oldest])
    assert.deepEqual([left, isNamed], [kernels.slice(1), false])
    assert.deepEqual(chooseKernels([], { whole: true }).chosen, kernels)
  })

  test('takes those that are named, by version or by suite', () => {
    assert.deepEqual(versions(['6.1'], { whole: false }), ['6.1'])
    assert.deepEqual(versions(['trixie', '5.10'], { whole: true }), ['5.10', '6.12'])
    assert.throws(
      () => versions(['4.19'], { whole: false }),
      /^RangeError: Cannot run tests on the kernel "4\.19": the kernels are 5\.10 \(bullseye\), /,
    )
  })
})

test('the oldest kernel that tests run on is the one that the README promises', () => {
  const readme = readFileSync(join(workspaceRoot(), 'README.md'), 'utf8')
  assert.match(readme, new RegExp(`Linux ${oldest.version.replace('.', '\\.')} or newer`))
})

describe('what npm test says about kernels', () => {
  const capability = (name: string, present: boolean) => ({
    name: `kernel ${name}`,
    present,
    required: false,
    detail: '',
  })

  test('lacksLine() names what a kernel lacks', () => {
    assert.equal(lacksLine(oldest, [capability('vrf', false), capability('vlan', true)]), 'Linux 5.10 lacks vrf')
    assert.equal(lacksLine(oldest, [capability('vlan', true)]), 'Linux 5.10 lacks nothing that tests look for')
    assert.equal(lacksLine(oldest, []), 'Linux 5.10 did not come to run')
  })

  test('notRunLines() names the kernels that did not run, and what to do', () => {
    assert.deepEqual(notRunLines({ absent: [], left: [] }), [])
    const lines = notRunLines({ absent: [oldest], left: [second] })
    assert.match(lines[0] ?? '', /^left out, for lack of a download: Linux 5\.10; /)
    assert.match(
      lines[1] ?? '',
      /^not run on Linux 6\.1: --whole or PATCHBAY_TEST_WHOLE=1 runs all, --kernel VERSION one$/,
    )
  })
})

test('archive() is what the kernel unpacks: "newc", as cpio writes it', () => {
  const bytes = archive([{ path: 'a' }, { path: 'a/b', content: Buffer.from('odd') }]).toString('latin1')
  const [magic, zero, one] = ['070701', '00000000', '00000001']
  const header = (inode: string, mode: string, size: string, name: string): string =>
    [magic, inode, mode, zero, zero, one, zero, size, zero, zero, zero, zero, name, zero].join('')
  const folder = `${header(one, '000041ed', zero, '00000002')}a\0`
  const file = `${header('00000002', '000081ed', '00000003', '00000004')}a/b\0\0\0odd\0`
  const end = `${header(zero, zero, zero, '0000000b')}TRAILER!!!\0\0\0\0`
  assert.equal(bytes, folder + file + end)
})

describe('npm test -- --kernel', () => {
  const tool = join(workspaceRoot(), 'tools/dist/test.js')

  function run(root: string, args: readonly string[], variables: Record<string, string> = {}): string[] {
    const { NODE_TEST_CONTEXT: _, ...env } = process.env
    const command = [tool, '--root', root, '--no-install', ...args]
    const options = { env: { ...env, CI: 'false', ...variables }, encoding: 'utf8' } as const
    const { stdout, stderr } = spawnSync(process.execPath, command, options)
    return `${stdout}${stderr}`.trimEnd().split('\n')
  }

  function withTest(t: TestContext): string {
    return checkout(t, { 'test/kernels/a.test.ts': '', 'test/dist/kernels/a.test.js': '', 'test/kernel/b.test.ts': '' })
      .root
  }

  test('names the kernels that it knows when it is given another', (t) => {
    assert.match(
      run(withTest(t), ['--kernel', '4.19'])[0] ?? '',
      /^Cannot run tests on the kernel "4\.19": the kernels are/,
    )
  })

  test('fails when the kernel is not there and it was asked for, or under CI; otherwise it says so', (t) => {
    const root = withTest(t)
    assert.equal(run(root, ['--kernel', '6.1']).at(-1), '0 passed, 1 failed')
    const whole = run(root, ['--only', 'kernels', '--whole'])
    assert.ok(
      whole.some((line) => line.startsWith('left out, for lack of a download: Linux 5.10, 6.1, ')),
      whole.join('\n'),
    )
    const ci = run(root, ['--only', 'kernels', '--whole'], { CI: 'true' })
    assert.ok(
      ci.some((line) => /test\/kernels\/a\.test\.ts on Linux 5\.10$/.test(line)),
      ci.join('\n'),
    )
  })
})

test('selectTests() keeps tests for other kernels apart from those for this one', (t) => {
  const repository = checkout(t, { 'test/kernels/a.test.ts': '', 'test/kernel/b.test.ts': '' })
  const selected = [...selectTests(repository, { groups: [], paths: [] })].map(([{ name }, files]) => [name, files])
  assert.deepEqual(selected, [
    ['kernel', ['test/kernel/b.test.ts']],
    ['kernels', ['test/kernels/a.test.ts']],
  ])
})

test('findKernel() finds what was downloaded, and nothing of a download that was broken off', (t) => {
  const { root } = checkout(t, {})
  const folder = join(root, 'dist/kernels/5.10')
  mkdirSync(`${folder}.new/lib/modules/5.10.0-1-amd64`, { recursive: true })
  assert.equal(findKernel(root, oldest), undefined)
  mkdirSync(join(folder, 'lib/modules/5.10.0-1-amd64'), { recursive: true })
  const image = join(folder, 'vmlinuz')
  assert.deepEqual(findKernel(root, oldest), { base: folder, release: '5.10.0-1-amd64', image })
})

/** Programs of apt for a suite whose kernel is in two packages. */
const apt = {
  'bin/apt-get': `#!/bin/sh
case "$*" in
  *indextargets*) printf '%s\\n' 'mirror: key.gpg' ;;
  *download*) touch image.deb modules.deb; echo "$*" >>"$CALLS" ;;
esac`,
  'bin/apt-cache': `#!/bin/sh
case "$*" in
  *linux-image-amd64) printf 'linux-image-amd64\\n  Depends: linux-image-9.9-amd64\\n' ;;
  *) printf 'linux-image-9.9-amd64\\n  Depends: kmod\\n  Depends: linux-modules-9.9-amd64\\n' ;;
esac`,
  'bin/dpkg-deb': `#!/bin/sh
mkdir -p "$3/boot" "$3/usr/lib/modules/9.9-amd64"; touch "$3/boot/vmlinuz-9.9-amd64"`,
  'bin/depmod': '#!/bin/sh\n[ -d "$2/lib/modules/$3" ]',
}

test('downloadKernel() takes the packages that have the kernel, and keeps what a boot needs', (t) => {
  const { root } = checkout(t, apt)
  for (const file of Object.keys(apt)) chmodSync(join(root, file), 0o755)
  writeFileSync(join(root, 'calls'), '')
  const module = join(workspaceRoot(), 'tools/dist/kernels/kernel-files.js')
  const script = `import { downloadKernel } from ${JSON.stringify(module)}
    downloadKernel(${JSON.stringify(root)}, { version: '9.9', suite: 'sid' })`
  const env = { ...process.env, PATH: `${join(root, 'bin')}:${process.env['PATH']}`, CALLS: join(root, 'calls') }
  const { stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], { env, encoding: 'utf8' })
  assert.equal(stderr, '')
  assert.match(
    readFileSync(join(root, 'calls'), 'utf8'),
    / download linux-image-9\.9-amd64 linux-modules-9\.9-amd64\n$/,
  )
  const folder = join(root, 'dist/kernels/9.9')
  assert.deepEqual(
    ['vmlinuz', 'lib/modules/9.9-amd64'].map((file) => existsSync(join(folder, file))),
    [true, true],
  )
})

test('makeRunFolder() removes what runs left that were killed, and nothing of those that run', (t) => {
  const { root } = checkout(t, {})
  const scratch = join(root, 'dist/kernels')
  const module = join(workspaceRoot(), 'tools/dist/kernels/run-folder.js')
  const script = `import { makeRunFolder } from ${JSON.stringify(module)}
    console.log(makeRunFolder(${JSON.stringify(root)}))`
  const options = { encoding: 'utf8' } as const
  const left = spawnSync(process.execPath, ['--input-type=module', '-e', script], options).stdout.trim()
  const mine = makeRunFolder(root)
  // A process has the number of one that left something.
  const other = mine.replace(/-\d+-(\w+)$/, '-1-$1')
  for (const folder of [other, join(scratch, '5.10')]) mkdirSync(folder)
  assert.equal(existsSync(left), false)
  const last = makeRunFolder(root)
  assert.deepEqual([mine, last, other, join(scratch, '5.10')].map(existsSync), [true, true, false, true])
})
