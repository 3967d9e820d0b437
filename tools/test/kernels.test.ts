import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, type TestContext, test } from 'node:test'
import { ownArchitecture } from '../kernels/architectures.ts'
import { archive } from '../kernels/archive.ts'
import { wrongClock } from '../kernels/guest-clock.ts'
import { findKernel, modulesNamed } from '../kernels/kernel-files.ts'
import { arm64Kernel, chooseKernels, type Kernel, kernels, nameOf } from '../kernels/kernels.ts'
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

test('wrongClock() says how many times as fast a clock runs that is wrong', () => {
  const clock = (speed: number) => () => Math.floor((performance.now() * speed) / 1000)
  assert.equal(wrongClock(clock(1)), undefined)
  assert.equal(Math.round(wrongClock(clock(1 / 4)) ?? 0), 4)
  assert.equal(Math.round(4 * (wrongClock(clock(4)) ?? 0)), 1)
  assert.equal(
    wrongClock(() => undefined),
    undefined,
  )
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
  const bytes = archive([
    { path: 'a' },
    { path: 'a/b', content: Buffer.from('odd') },
    { path: 'c', link: 'a' },
  ]).toString('latin1')
  const [magic, zero, one] = ['070701', '00000000', '00000001']
  const header = (inode: string, mode: string, size: string, name: string): string =>
    [magic, inode, mode, zero, zero, one, zero, size, zero, zero, zero, zero, name, zero].join('')
  const folder = `${header(one, '000041ed', zero, '00000002')}a\0`
  const file = `${header('00000002', '000081ed', '00000003', '00000004')}a/b\0\0\0odd\0`
  const link = `${header('00000003', '0000a1ed', one, '00000002')}c\0a\0\0\0`
  const end = `${header(zero, zero, zero, '0000000b')}TRAILER!!!\0\0\0\0`
  assert.equal(bytes, folder + file + link + end)
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

test('npm test leaves out tests for arm64 where their kernel is not there, and says so; under CI they fail', (t) => {
  const bin = Object.fromEntries(
    ['aarch64-linux-gnu-gcc', 'qemu-aarch64', 'qemu-system-aarch64', 'modprobe'].map((name) => [
      `bin/${name}`,
      '#!/bin/sh\necho 1.0\n',
    ]),
  )
  const { root } = checkout(t, { 'test/arm64/a.test.ts': '', 'test/dist/arm64/a.test.js': '', ...bin })
  for (const file of Object.keys(bin)) chmodSync(join(root, file), 0o755)
  const { NODE_TEST_CONTEXT: _, ...inherited } = process.env
  const lines = (CI: string): string => {
    const env = { ...inherited, CI, PATH: `${join(root, 'bin')}:${process.env['PATH']}` }
    const command = [join(workspaceRoot(), 'tools/dist/test.js'), '--root', root, '--no-install', '--only', 'arm64']
    return spawnSync(process.execPath, command, { env, encoding: 'utf8' }).stdout
  }
  assert.match(
    lines('false'),
    /^left out, for lack of a download: Linux 6\.1-arm64; as root on Debian, npm test does it$/m,
  )
  assert.match(lines('true'), /test\/arm64\/a\.test\.ts\n +Cannot build for arm64: see above/)
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
  assert.deepEqual(findKernel(root, oldest), {
    architecture: ownArchitecture,
    base: folder,
    release: '5.10.0-1-amd64',
    image,
    programs: join(folder, 'programs'),
  })
})

test('modulesNamed() gives modules with what they need, and tables of these alone', (t) => {
  const folder = 'dist/kernels/5.10/lib/modules/1'
  const { root } = checkout(t, {
    [`${folder}/modules.dep`]: 'kernel/net/a-b.ko.xz: kernel/lib/c.ko.xz\nkernel/lib/c.ko.xz:\nkernel/net/d.ko.xz:\n',
    [`${folder}/modules.alias`]: '# comment\nalias one a_b\nalias two d\nalias three c\n',
    [`${folder}/kernel/net/a-b.ko.xz`]: 'AB',
    [`${folder}/kernel/lib/c.ko.xz`]: 'C',
  })
  const kernel = findKernel(root, oldest)
  assert.ok(kernel)
  const files = [...modulesNamed(kernel, ['net/a'])].map(([path, content]) => [path, String(content)])
  assert.deepEqual(files, [
    ['modules.alias', 'alias one a_b\nalias three c\n'],
    ['modules.dep', 'kernel/net/a-b.ko.xz: kernel/lib/c.ko.xz\nkernel/lib/c.ko.xz:\n'],
    ['kernel/net/a-b.ko.xz', 'AB'],
    ['kernel/lib/c.ko.xz', 'C'],
  ])
})

/** Programs of apt for a suite whose kernel is in two packages. */
const apt = {
  'bin/apt-get': `#!/bin/sh
case "$*" in
  *indextargets*) printf '%s\\n' 'mirror: key.gpg' ;;
  *--download-only*) touch archives/tool.deb; echo "$*" >>"$CALLS" ;;
  *" download "*) touch image.deb modules.deb; echo "$*" >>"$CALLS" ;;
  *update) cat sources/* >>"$CALLS" ;;
esac`,
  'bin/apt-cache': `#!/bin/sh
name=$(echo "$*" | sed 's/.* //')
case "$name" in
  linux-image-9.9) printf 'linux-image-9.9\\n  Depends: kmod\\n  Depends: linux-modules-9.9\\n' ;;
  *) printf "$name\\n  Depends: linux-image-9.9\\n"; echo "$name" >>"$CALLS" ;;
esac`,
  'bin/dpkg-deb': `#!/bin/sh
case "$2" in
  *tool.deb) mkdir -p "$3/bin"; touch "$3/bin/tool" ;;
  *) mkdir -p "$3/boot" "$3/usr/lib/modules/9.9-amd64"; touch "$3/boot/vmlinuz-9.9-amd64" ;;
esac`,
  'bin/depmod': '#!/bin/sh\n[ -d "$2/lib/modules/$3" ]',
}

function download(t: TestContext, kernel: Kernel): { calls: string[]; has: (file: string) => boolean } {
  const { root } = checkout(t, apt)
  for (const file of Object.keys(apt)) chmodSync(join(root, file), 0o755)
  const calls = join(root, 'calls')
  writeFileSync(calls, '')
  const module = join(workspaceRoot(), 'tools/dist/kernels/kernel-files.js')
  const script = `import { downloadKernel } from ${JSON.stringify(module)}
    downloadKernel(${JSON.stringify(root)}, ${JSON.stringify(kernel)})`
  const env = { ...process.env, PATH: `${join(root, 'bin')}:${process.env['PATH']}`, CALLS: calls }
  const { stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], { env, encoding: 'utf8' })
  assert.equal(stderr, '')
  const folder = join(root, 'dist/kernels', nameOf(kernel))
  return { calls: readFileSync(calls, 'utf8').split('\n'), has: (file) => existsSync(join(folder, file)) }
}

test('downloadKernel() takes the packages that have the kernel, and keeps what a boot needs', (t) => {
  const { calls, has } = download(t, { version: '9.9', suite: 'sid' })
  assert.deepEqual(calls.slice(0, 2), ['deb [signed-by=key.gpg] mirror: sid main', `linux-image-${ownArchitecture}`])
  assert.match(calls[2] ?? '', / download linux-image-9\.9 linux-modules-9\.9$/)
  assert.deepEqual(['vmlinuz', 'lib/modules/9.9-amd64', 'programs'].map(has), [true, true, false])
})

test('downloadKernel() takes the kernel of another architecture, with programs for it', (t) => {
  const { calls, has } = download(t, { version: '9.9', suite: 'sid', architecture: 'arm64', programs: ['tool'] })
  assert.deepEqual(calls.slice(0, 2), ['deb [arch=arm64 signed-by=key.gpg] mirror: sid main', 'linux-image-arm64'])
  assert.match(calls[3] ?? '', / APT::Architectures=arm64 .*--download-only .* tool$/)
  assert.deepEqual(['vmlinuz', 'programs/bin/tool'].map(has), [true, true])
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

test('nameOf() tells an architecture that is not this machine’s', () => {
  assert.equal(nameOf(oldest), '5.10')
  assert.equal(nameOf(arm64Kernel), ownArchitecture === 'arm64' ? '6.1' : '6.1-arm64')
})
