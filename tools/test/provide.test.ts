import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, readFileSync, readlinkSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { describe, type TestContext, test } from 'node:test'
import type { Kernel } from '../kernels/kernels.ts'
import { installObstacle } from '../provide.ts'
import { workspaceRoot } from '../repository.ts'
import { checkout } from './checkout.ts'

const module = join(workspaceRoot(), 'tools/dist/provide.js')
const programs = [
  { name: 'ip', package: 'iproute2' },
  { name: 'firewall-cmd', package: 'firewalld' },
]

/** An apt-get that writes down how this machine is changed, and what is downloaded. */
function aptGet(apt: string): string {
  return `#!/bin/sh
case "$*" in
  *indextargets*) echo 'mirror: key.gpg' ;;
  *Dir::Etc*update) ;;
  *Dir::Etc*) touch "$(echo "$*" | sed 's/.* //').deb"; echo "$*" | sed 's/.* download/download/' >>"$ROOT/calls" ;;
  *) echo "apt-get $*" >>"$ROOT/calls"; ${apt} ;;
esac`
}

/** A machine with that apt-get, in a checkout that can download. */
function machine(
  t: TestContext,
  {
    apt = ':',
    unpack = '[ -d "$3" ] || exit 2; mkdir -p "$3/usr/lib/cni"; touch "$3/usr/lib/cni/bridge"',
    kernels = [] as readonly Kernel[],
  } = {},
) {
  const { root } = checkout(t, {
    calls: '',
    'bin/apt-get': aptGet(apt),
    'bin/dpkg-deb': `#!/bin/sh\n${unpack}\n`,
    'bin/apt-cache': '#!/bin/sh\nexit 0\n',
  })
  for (const file of ['bin/apt-get', 'bin/dpkg-deb', 'bin/apt-cache']) chmodSync(join(root, file), 0o755)
  const wanted = { programs, reference: true, kernels }
  const script = `import { provide } from ${JSON.stringify(module)}
    await provide(${JSON.stringify(wanted)}, ${JSON.stringify(root)}, { units: ${JSON.stringify(join(root, 'units'))} })`
  const program = [process.execPath, '--input-type=module', '-e', script]
  const env = {
    ...process.env,
    CI: 'false',
    ROOT: root,
    PATH: `${join(root, 'bin')}${delimiter}${process.env['PATH']}`,
  }
  const run = (command: readonly string[], input: string, variables = {}): string => {
    const [file = '', ...args] = command
    return spawnSync(file, args, { cwd: root, env: { ...env, ...variables }, input, encoding: 'utf8' }).stdout
  }
  const quoted = program.map((word) => `'${word}'`).join(' ')
  return {
    root,
    calls: () => readFileSync(join(root, 'calls'), 'utf8').split('\n').slice(0, -1),
    withoutTerminal: () => run(program, ''),
    /** What it prints on a terminal where somebody answers. */
    onTerminal: (answer: string, variables = {}) =>
      run(['script', '--quiet', '--return', '--command', quoted, '/dev/null'], `${answer}\n`, variables),
  }
}

const everything = [
  'apt-get -o DPkg::Lock::Timeout=300 -qq update',
  'apt-get -o DPkg::Lock::Timeout=300 -qq install -y --no-install-recommends iproute2 firewalld',
  'download containernetworking-plugins',
]

describe('provide()', () => {
  test('says what and why, then installs, without a terminal', (t) => {
    const { root, calls, withoutTerminal } = machine(t)
    const lines = withoutTerminal().split('\n')
    assert.match(lines[0] ?? '', /^Tests ask these programs about the state of the kernel, .*: ip, firewall-cmd\.$/)
    assert.equal(lines[1], 'To be installed: apt-get install iproute2 firewalld')
    assert.deepEqual(calls(), everything)
    assert.deepEqual([existsSync(join(root, 'dist/reference/bridge'))], [true])
  })

  test('asks on a terminal, and does as it is told', (t) => {
    const no = machine(t)
    assert.match(no.onTerminal('n'), /Go ahead\? \[Y\/n\] [\s\S]*Nothing was installed; what needs it is left out/)
    assert.deepEqual(no.calls(), [])
    for (const answer of ['', 'yes']) {
      const yes = machine(t)
      yes.onTerminal(answer)
      assert.deepEqual(yes.calls(), everything)
    }
  })

  test('does not ask under CI', (t) => {
    const { calls, onTerminal } = machine(t)
    assert.doesNotMatch(onTerminal('n', { CI: 'true' }), /Go ahead/)
    assert.deepEqual(calls(), everything)
  })

  test('says which kernels it downloads, and goes on without one that cannot be had', (t) => {
    const { withoutTerminal } = machine(t, { kernels: [{ version: '9.9', suite: 'sid' }] })
    const output = withoutTerminal()
    assert.match(output, /To be downloaded to dist\/kernels, 70 MB each, not installed: Linux 9\.9 of Debian sid\n/)
    assert.match(output, /Cannot download Linux 9\.9 of Debian sid: Cannot find the kernel of Debian sid: /)
  })

  test('keeps firewalld from starting on this machine', (t) => {
    const { root, withoutTerminal } = machine(t)
    assert.match(withoutTerminal(), /firewalld will be masked/)
    assert.equal(readlinkSync(join(root, 'units/firewalld.service')), '/dev/null')
  })

  test('goes on when something cannot be had, says what, and leaves nothing half done', (t) => {
    const { root, withoutTerminal } = machine(t, {
      apt: 'echo no mirror >&2; exit 1',
      unpack: 'mkdir -p "$3"; echo no room >&2; exit 1',
    })
    const output = withoutTerminal()
    assert.match(output, /no mirror\s+Cannot update the lists of packages: see above/)
    assert.match(output, /Cannot download the reference plugins: Cannot run dpkg-deb: status 1: no room/)
    assert.deepEqual(
      ['dist/reference', 'dist/reference.new', 'units/firewalld.service'].filter((file) =>
        existsSync(join(root, file)),
      ),
      [],
    )
  })
})

test('installObstacle() wants Debian and root', (t) => {
  const { root } = checkout(t, {
    debian: 'NAME="Debian GNU/Linux"\nID=debian\n',
    derived: 'ID=ubuntu\nID_LIKE=debian\n',
    other: 'ID=fedora\nHOME_URL="https://debian.example"\n',
  })
  const on = (file: string, isRoot: boolean) => installObstacle({ release: join(root, file), isRoot })
  assert.deepEqual([on('debian', true), on('derived', true)], [undefined, undefined])
  assert.equal(on('debian', false), 'only root can install packages')
  assert.deepEqual([on('other', true), on('none', true)], ['this is not Debian', 'this is not Debian'])
})
