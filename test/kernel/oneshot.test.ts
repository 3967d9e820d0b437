import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { chmodSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { traceFiles } from '../lab/system-calls.ts'
import { assertShows } from '../lab/witness.ts'
import { type Outcome, World } from '../lab/world.ts'

const build = fileURLToPath(new URL('../../../packages/oneshot/build.mjs', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'patchbay-oneshot-'))
const executable = join(folder, 'patchbay-plugins')
let world: World

before(async () => {
  execFileSync(process.execPath, [build, '--output', executable])
  chmodSync(folder, 0o755)
  for (const name of ['bridge', 'host-local', 'ptp', 'loopback']) symlinkSync('patchbay-plugins', join(folder, name))
  world = await World.open({ containers: ['c1', 'c2', 'c3', 'c4'], containerDad: false })
})
after(() => {
  world[Symbol.dispose]()
  rmSync(folder, { recursive: true })
})

const config = {
  cniVersion: '1.1.0',
  name: 'n1',
  type: 'bridge',
  bridge: 'cni0',
  isGateway: true,
  ipam: { type: 'host-local', subnet: '10.7.0.0/24' },
}

interface CallOptions {
  container?: string
  path?: string
  input?: string
  plugin?: string
  /** A shell script whose `$0` is the plugin. */
  script?: string
}

function variables(command: string, { container = 'c1', path = folder }: CallOptions = {}): NodeJS.ProcessEnv {
  return {
    PATH: '/usr/sbin:/usr/bin:/sbin:/bin',
    CNI_COMMAND: command,
    CNI_CONTAINERID: container,
    CNI_NETNS: `/run/netns/${container}`,
    CNI_IFNAME: 'eth0',
    CNI_PATH: path,
  }
}

/** Nobody reads the input of VERSION. */
function inputOf(command: string, plugin: string): string {
  return command === 'VERSION' ? '' : JSON.stringify({ ...config, type: plugin })
}

function call(command: string, options: CallOptions = {}): Outcome {
  const { plugin = 'bridge', script = 'exec "$0"', input = inputOf(command, plugin) } = options
  return world.run(['sh', '-c', script, join(folder, plugin)], { env: variables(command, options), input })
}

function messageOf({ status, stdout }: Outcome): { code: number; msg: string } {
  assert.equal(status, 1, stdout)
  return JSON.parse(stdout)
}

test('the one-shot executable attaches a container and detaches it', () => {
  const added = call('ADD')
  assert.equal(added.status, 0, added.stdout)
  assert.deepEqual(JSON.parse(added.stdout).ips, [{ address: '10.7.0.2/24', gateway: '10.7.0.1', interface: 2 }])
  const [link] = JSON.parse(world.shell('ip -n c1 -j address show dev eth0'))
  assertShows(link, { operstate: 'UP', address: '0a:58:0a:07:00:02' })
  assert.equal(world.shell('cat /var/lib/cni/networks/n1/10.7.0.2'), 'c1\r\neth0')
  const checked = call('CHECK', { input: JSON.stringify({ ...config, prevResult: JSON.parse(added.stdout) }) })
  for (const { status, stdout, stderr } of [checked, call('DEL'), call('DEL')])
    assert.deepEqual({ status, stdout, stderr }, { status: 0, stdout: '', stderr: '' })
  assert.doesNotMatch(world.shell('ip -n c1 -o link'), /eth0/)
  assert.doesNotMatch(world.shell('ls /var/lib/cni/networks/n1'), /10\.7\.0\.2/)
})

test('the one-shot executable is static, and opens what the call is about and nothing else', () => {
  world.shell('mkdir -p /run/cwd')
  const env = { ...variables('ADD', { container: 'c2' }) }
  const { status, calls } = traceFiles(world, [join(folder, 'bridge')], {
    cwd: '/run/cwd',
    env,
    input: JSON.stringify(config),
  })
  assert.equal(status, 0)
  // Sysctls are in a proc file system that is mounted nowhere.
  const expected = /^\/(proc|sys\/net|run\/netns|var\/lib\/cni)\//
  const others = calls.map(({ path }) => path).filter((path) => !expected.test(path))
  assert.deepEqual(others, [join(folder, 'bridge')])
  assert.equal(calls.filter((each) => each.call === 'execve').length, 1)
})

test('an IPAM plugin that is another program is run as a process', () => {
  const path = mkdtempSync(join(folder, 'other-'))
  chmodSync(path, 0o755)
  const script = `#!/bin/sh\ncat >/run/ipam-stdin; echo "warning é" >&2
    echo '{"cniVersion": "1.1.0", "ips": [{"address": "10.7.0.9/24"}]}'\n`
  writeFileSync(join(path, 'host-local'), script, { mode: 0o755 })
  const { status, stdout, stderr } = call('ADD', { container: 'c3', path })
  assert.deepEqual({ status, stderr }, { status: 0, stderr: 'warning é\n' }, stdout)
  assert.equal(JSON.parse(stdout).ips[0].address, '10.7.0.9/24')
  assert.deepEqual(JSON.parse(world.shell('cat /run/ipam-stdin')), config)
  assert.equal(call('DEL', { container: 'c3', path }).status, 0)
})

test('an IPAM plugin that fails has its error handed on, and nothing stays', () => {
  const path = mkdtempSync(join(folder, 'failing-'))
  chmodSync(path, 0o755)
  writeFileSync(join(path, 'host-local'), '#!/bin/sh\necho \'{"code": 123, "msg": "no"}\'\nexit 1\n', { mode: 0o755 })
  const { code, msg } = messageOf(call('ADD', { container: 'c3', path }))
  assert.deepEqual({ code, msg }, { code: 123, msg: 'no' })
  assert.doesNotMatch(world.shell('ip -n c3 -o link'), /eth0/)
})

test('SIGTERM ends a call that waits, with what it made undone', () => {
  const path = mkdtempSync(join(folder, 'slow-'))
  chmodSync(path, 0o755)
  writeFileSync(join(path, 'host-local'), '#!/bin/sh\ntouch /run/started\nexec sleep 30\n', { mode: 0o755 })
  const script = `cat >/run/slow-input; "$0" </run/slow-input & child=$!
    until [ -e /run/started ]; do sleep 0.01; done; kill $child; wait $child`
  const { msg } = messageOf(call('ADD', { container: 'c3', path, script }))
  assert.match(msg, /terminated by SIGTERM/)
  assert.doesNotMatch(world.shell('ip -n c3 -o link'), /eth0/)
})

test('closed standard streams are not taken for files', () => {
  assert.equal(messageOf(call('ADD', { script: '"$0" <&-' })).code, 6)
  const { status } = call('ADD', { container: 'c4', script: '"$0" >&- 2>&-' })
  assert.equal(status, 0)
  assert.deepEqual(world.shell('cd /var/lib/cni/networks/n1; cat 10.7.0.*').match(/c4/g), ['c4'])
  assert.equal(call('DEL', { container: 'c4', script: 'exec "$0" >&- <&0' }).status, 0)
})

test('standard output that nobody reads, or that is full, fails the call with a message', () => {
  const full = call('VERSION', { script: 'exec "$0" >/dev/full' })
  assert.equal(full.status, 1)
  assert.match(full.stderr, /no space left on device/)
  const broken = call('VERSION', { script: '{ sleep 0.2; "$0"; echo "status $?" >&2; } | true' })
  assert.match(broken.stderr, /EPIPE.*\nstatus 1\n$/)
})

test('no descriptor left is an error like any other', () => {
  for (const limit of [3, 4, 5, 6, 7]) {
    const outcome = call('ADD', { container: 'c3', script: `ulimit -n ${limit}; exec "$0"` })
    assert.match(messageOf(outcome).msg, /too many open files/, `${limit}`)
  }
  assert.doesNotMatch(world.shell('ip -n c3 -o link'), /eth0/)
})

test('little memory is an error, and not a crash', () => {
  const large = 'head -c 50000000 /dev/zero'
  const texts = `yes '"a",' | tr -d '\\n' | head -c 8000000`
  const many = `{ printf '{"cniVersion":"1.1.0","name":"n","dns":{"search":['; ${texts}; printf '"a"]}}'; }`
  for (const input of [large, many]) {
    const script = `cat >/dev/null; ulimit -v 20000; ${input} | "$0"`
    const { status, stdout, stderr } = call('ADD', { container: 'c3', script })
    assert.equal(status, 1, input)
    assert.match(`${stdout}${stderr}`, /out of memory/)
  }
})

test('a configuration of many megabytes, deep or long, is an error and not a crash', () => {
  const long = call('ADD', { input: JSON.stringify({ ...config, padding: 'x'.repeat(20_000_000) }), container: 'c3' })
  assert.equal(long.status, 0, long.stdout.slice(0, 200))
  assert.equal(call('DEL', { container: 'c3' }).status, 0)
  const deep = call('ADD', { input: '['.repeat(2_000_000), container: 'c3' })
  assert.equal(deep.status, 1)
  assert.equal(JSON.parse(deep.stdout).code, 6)
})

test('broken UTF-8 becomes replacement characters', () => {
  world.shell(`printf '{"cniVersion":"1.1.0","name":"n","type":"bridge","ipam":{"type":"a\\377b"}}' >/run/broken`)
  const outcome = call('ADD', { script: 'exec "$0" </run/broken', container: 'c3' })
  assert.match(messageOf(outcome).msg, /failed to find plugin "a\ufffdb"/)
})

test('two builds are the same', () => {
  const other = join(folder, 'again')
  execFileSync(process.execPath, [build, '--output', other])
  assert.ok(readFileSync(executable).equals(readFileSync(other)))
})

test('a name that is no plugin is refused', () => {
  symlinkSync('patchbay-plugins', join(folder, 'nothing'))
  const { code, msg } = messageOf(call('VERSION', { plugin: 'nothing' }))
  assert.equal(code, 999)
  assert.match(msg, /^Cannot run "nothing": it is no plugin/)
  const { status, stdout, stderr } = call('', { plugin: 'nothing' })
  assert.deepEqual({ status, stdout }, { status: 1, stdout: '' })
  assert.match(stderr, /^Cannot run "nothing": it is no plugin/)
})

test('the one-shot executable reads ten megabytes of escapes in the time that it takes to read them once', () => {
  const input = `{"x":"${'\\u00e9x'.repeat(1_400_000)}",${JSON.stringify({ ...config, name: '!' }).slice(1)}`
  assert.deepEqual(messageOf(call('ADD', { input })), {
    code: 7,
    msg: 'invalid characters found in network name',
    details: '!',
  })
})

function tenMegabytesOf(text: string): string {
  return text.repeat(10_000_000 / text.length)
}

const wrongName = JSON.stringify({ ...config, name: '!' }).slice(1)
for (const [what, input, code] of [
  ['empty lists', () => `{"x":[${tenMegabytesOf('[],')}0],${wrongName}`, 7],
  ['numbers', () => `{"x":[${tenMegabytesOf('1.50,')}0],${wrongName}`, 7],
  ['exponents', () => `{"x":[${tenMegabytesOf('1e3,')}0],${wrongName}`, 7],
  ['numbers that no double holds', () => `{"x":[${tenMegabytesOf('[1e400],')}0],${wrongName}`, 7],
  ['short members', () => `{${tenMegabytesOf('"a":1.50,')}${wrongName}`, 7],
  ['a list that is the whole document', () => `[${tenMegabytesOf('[],')}0]`, 6],
  [
    'a list under a key that is known',
    () => `{"cniVersion":"1.1.0","name":"n","ipam":[${tenMegabytesOf('[],')}0]}`,
    999,
  ],
  [
    'objects with odd numbers in a list that is read',
    () => `{"dns":{"search":[${tenMegabytesOf('{"a":1.50},')}0]},${wrongName.replace('!', 'n')}`,
    999,
  ],
  ['lists that nobody ends', () => `{"ipam":[${tenMegabytesOf('[],')}`, 6],
] as const)
  test(`the one-shot executable reads ten megabytes of ${what} in six seconds of processor`, () => {
    assert.equal(messageOf(call('ADD', { input: input(), script: 'ulimit -t 6; exec "$0"' })).code, code)
  })

test('the one-shot executable takes an ADD back when its answer cannot be written', () => {
  const cases = [
    ['exec "$0" >/dev/full', 'ENOSPC: no space left on device, write'],
    ['mkfifo /run/gone; : </run/gone & exec "$0" >/run/gone', 'EPIPE: broken pipe, write'],
  ] as const
  for (const [script, reason] of cases) {
    const { status, stderr } = call('ADD', { container: 'c4', script })
    assert.deepEqual([status, stderr], [1, `Cannot write to standard output: ${reason}\n`])
    assert.doesNotMatch(world.shell('ip -n c4 -o link'), /eth0/)
    assert.equal(world.shell('grep -l c4 /var/lib/cni/networks/n1/10.* || true'), '')
  }
})
