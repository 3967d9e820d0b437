import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { after, beforeEach, test } from 'node:test'
import { patchbay, reference } from '../lab/implementation.ts'
import { type Outcome, World } from '../lab/world.ts'

const cnitool = join(patchbay.directory, 'cnitool')
const netns = '/run/netns/c1'

let world: World
beforeEach(async () => {
  world?.[Symbol.dispose]()
  world = await World.open({ containers: ['c1', 'c2'], containerDad: false })
  world.shell('mkdir -p /run/net.d /run/plugins')
  writeConfig('net1', network())
})
after(() => world?.[Symbol.dispose]())

function network(keys: Readonly<Record<string, unknown>> = {}): string {
  const ipam = { type: 'host-local', subnet: '10.7.0.0/24' }
  const bridge = { type: 'bridge', bridge: 'br1', isGateway: true, ipam }
  return JSON.stringify({ cniVersion: '1.1.0', name: 'net1', plugins: [bridge], ...keys })
}

function writeFile(path: string, text: string, mode = '644'): void {
  world.run(['sh', '-c', 'cat >"$0"; chmod "$1" "$0"', path, mode], { input: text })
}

function writeConfig(name: string, text: string): void {
  writeFile(`/run/net.d/${name}.conflist`, text)
}

/** Has the network `net1` run a plugin that is a shell script; what it is told is in /run/told afterwards. */
function usePlugin(script: string, keys: Readonly<Record<string, unknown>> = {}): void {
  writeFile('/run/plugins/own', `#!/bin/sh\nenv | grep ^CNI_ >/run/told; cat >/run/input\n${script}\n`, '755')
  writeConfig('net1', network({ plugins: [{ type: 'own', ...keys }] }))
}

/** Runs cnitool with these variables beside those that say where configurations are. */
function run(args: readonly string[], env: Readonly<Record<string, string>> = {}): Outcome {
  return world.run([cnitool, ...args], {
    env: {
      PATH: process.env['PATH'],
      NETCONFPATH: '/run/net.d',
      CNI_PATH: `/run/plugins:${patchbay.directory}`,
      ...env,
    },
  })
}

function succeed(args: readonly string[], env: Readonly<Record<string, string>> = {}): string {
  const { status, stdout, stderr } = run(args, env)
  assert.deepEqual({ status, stderr }, { status: 0, stderr: '' })
  return stdout
}

/** Variables that a plugin was called with. */
function told(): Record<string, string> {
  const lines = world.shell('cat /run/told').trim().split('\n')
  return Object.fromEntries(lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]))
}

const usageErrors: Readonly<Record<string, readonly string[]>> = {
  "unknown command 'attach'": ['attach', 'net1', netns],
  "missing required argument 'network'": ['add'],
  "missing required argument 'netns'": ['add', 'net1'],
  "unknown option '--foo'": ['add', 'net1', netns, '--foo'],
  "option '--cache-dir <dir>' argument missing": ['add', 'net1', netns, '--cache-dir'],
}

for (const [message, args] of Object.entries(usageErrors)) {
  test(`cnitool ${args.join(' ')} says what is wrong with it, and where to read more`, () => {
    const { status, stdout, stderr } = run(args)
    assert.equal(stderr, `Error: ${message}\n(cnitool --help tells more)\n`)
    assert.deepEqual({ status, stdout }, { status: 2, stdout: '' })
  })
}

test('cnitool without a command prints its help as an error', () => {
  const { status, stdout, stderr } = run([])
  assert.deepEqual({ status, stdout }, { status: 2, stdout: '' })
  assert.equal(stderr, run(['--help']).stdout)
})

test('cnitool --help has all commands, options and variables, and fits into 80 columns', () => {
  for (const args of [['--help'], ['add', '--help'], ['help', 'gc']]) {
    const text = succeed(args)
    for (const line of text.split('\n')) assert.ok(line.length <= 80, line)
    for (const word of ['--ifname', '--cache-dir', 'NETCONFPATH', 'CNI_PATH', 'CNI_ARGS', 'CAP_ARGS', 'CNI_IFNAME'])
      assert.ok(text.includes(word), word)
  }
  const commands = succeed(['--help']).matchAll(/^ {2}(\w+) <network> ([<[]netns[\]>])/gm)
  assert.deepEqual(
    [...commands].map(([, name, argument]) => `${name} ${argument}`),
    ['add <netns>', 'check <netns>', 'del <netns>', 'gc [netns]', 'status [netns]'],
  )
})

test('cnitool add prints the result without a newline, and with one to a terminal', () => {
  const printed = succeed(['add', 'net1', netns])
  assert.ok(printed.endsWith('\n}'), printed.slice(-10))
  assert.equal(JSON.parse(printed).ips[0].address, '10.7.0.2/24')
  const command = `${cnitool} add net1 /run/netns/c2`
  const { stdout } = world.run(['script', '-qec', command, '/dev/null'], {
    env: { ...process.env, NETCONFPATH: '/run/net.d', CNI_PATH: patchbay.directory },
  })
  assert.ok(stdout.endsWith('\n}\r\n'), JSON.stringify(stdout.slice(-10)))
})

test('cnitool attaches, checks and detaches a namespace', () => {
  succeed(['add', 'net1', netns])
  assert.match(world.shell('ip -netns c1 -o address show dev eth0'), / 10\.7\.0\.2\/24 /)
  assert.equal(succeed(['check', 'net1', netns]), '')
  world.shell('ip -netns c1 address flush dev eth0')
  const { status, stderr } = run(['check', 'net1', netns])
  assert.equal(status, 1)
  assert.equal(stderr, 'Error: Failed to match addr 10.7.0.2/24 on interface eth0\n')
  assert.equal(succeed(['del', 'net1', netns]), '')
  assert.equal(world.shell('ip -netns c1 -o link show | wc -l'), '1\n')
  assert.equal(succeed(['del', 'net1', netns]), '')
})

test('cnitool keeps results where --cache-dir says, in /var/lib/cni otherwise', () => {
  const id = `cnitool-${createHash('sha512').update(netns).digest('hex').slice(0, 20)}`
  for (const [args, directory] of [
    [[], '/var/lib/cni'],
    [['--cache-dir', '/run/cache'], '/run/cache'],
  ] as const) {
    succeed(['add', 'net1', netns, ...args])
    const list = (): string => world.shell(`cd ${directory}/results && find . -type f -printf '%m %f\\n'`)
    assert.equal(list(), `600 net1-${id}-eth0\n`)
    const { containerId, networkName } = JSON.parse(world.shell(`cat ${directory}/results/*`))
    assert.deepEqual([containerId, networkName], [id, 'net1'])
    succeed([...args, 'del', 'net1', netns])
    assert.equal(list(), '')
  }
})

test('cnitool gc detaches everything of a network, and needs no namespace', () => {
  writeConfig('net2', network({ name: 'net2' }))
  succeed(['add', 'net1', netns])
  succeed(['add', 'net1', '/run/netns/c2'])
  succeed(['add', 'net2', netns, '-i', 'eth1'])
  assert.equal(succeed(['gc', 'net1']), '')
  assert.equal(world.shell('ls /var/lib/cni/results | sed s/-.*//'), 'net2\n')
  assert.match(world.shell('ip -netns c1 -o link show'), / eth1@/)
  assert.doesNotMatch(world.shell('ip -netns c1 -o link show; ip -netns c2 -o link show'), / eth0@/)
  assert.equal(succeed(['gc', 'net2', netns]), '')
  assert.equal(world.shell('ls /var/lib/cni/results'), '')
})

test('cnitool gc collects what no cache knows', () => {
  succeed(['add', 'net1', netns])
  world.shell('rm /var/lib/cni/results/*')
  succeed(['gc', 'net1'])
  assert.doesNotMatch(world.shell('ip -o link show'), / veth/)
  assert.equal(world.shell('ls /var/lib/cni/networks/net1'), 'last_reserved_ip.0\nlock\n')
})

test('cnitool status succeeds when the plugins are ready, and needs no namespace', () => {
  assert.equal(succeed(['status', 'net1']), '')
  assert.equal(succeed(['status', 'net1', netns]), '')
  usePlugin(`echo '{"code": 50, "msg": "no addresses", "details": "all in use"}'; exit 1`)
  const { status, stdout, stderr } = run(['status', 'net1'])
  assert.deepEqual({ status, stdout, stderr }, { status: 1, stdout: '', stderr: 'Error: no addresses; all in use\n' })
})

test('cnitool tells plugins what the reference tells them', () => {
  usePlugin(`echo '{"cniVersion": "1.1.0"}'`, { capabilities: { mac: true } })
  const CAP_ARGS = '{"mac": "02:00:00:00:00:01", "other": 1}'
  succeed(['add', 'net1', 'netns/c1'], { CNI_ARGS: 'IgnoreUnknown=1;A=b', CAP_ARGS })
  // Every program in the test's world starts in its root.
  const path = '/netns/c1'
  const id = `cnitool-${createHash('sha512').update(path).digest('hex').slice(0, 20)}`
  assert.deepEqual(told(), {
    CNI_COMMAND: 'ADD',
    CNI_CONTAINERID: id,
    CNI_NETNS: path,
    CNI_IFNAME: 'eth0',
    CNI_ARGS: 'IgnoreUnknown=1;A=b',
    CNI_PATH: `/run/plugins:${patchbay.directory}`,
  })
  assert.equal(
    world.shell('cat /run/input'),
    '{"capabilities":{"mac":true},"cniVersion":"1.1.0","name":"net1",' +
      '"runtimeConfig":{"mac":"02:00:00:00:00:01"},"type":"own"}',
  )
})

test('cnitool takes the name of the interface from --ifname, then CNI_IFNAME, then eth0', () => {
  usePlugin(`echo '{"cniVersion": "1.1.0"}'`)
  const cases = [
    [['--ifname', 'a0'], { CNI_IFNAME: 'b0' }, 'a0'],
    [['-i', 'a0'], {}, 'a0'],
    [[], { CNI_IFNAME: 'b0' }, 'b0'],
    [[], { CNI_IFNAME: '' }, 'eth0'],
  ] as const
  for (const [args, env, expected] of cases) {
    succeed(['add', 'net1', netns, ...args], env)
    assert.equal(told()['CNI_IFNAME'], expected)
    succeed([...args, 'del', 'net1', netns], env)
    assert.equal(told()['CNI_IFNAME'], expected)
  }
})

test('cnitool finds the plugins beside it when CNI_PATH is not set', () => {
  const [add] = JSON.parse(succeed(['add', 'net1', netns], { CNI_PATH: '' })).ips
  assert.equal(add.address, '10.7.0.2/24')
})

test('cnitool ignores further arguments, with a warning', () => {
  const { status, stderr } = run(['status', 'net1', netns, 'more', 'and more'])
  assert.deepEqual({ status, stderr }, { status: 0, stderr: 'Warning: ignored "more", "and more"\n' })
})

test('cnitool passes on what plugins that succeed write to standard error', () => {
  usePlugin(`echo 'a remark' >&2; echo '{"cniVersion": "1.1.0"}'`)
  assert.equal(run(['add', 'net1', netns]).stderr, 'a remark\n')
})

const errors: readonly {
  readonly what: string
  readonly env?: Readonly<Record<string, string>>
  readonly prepare?: () => void
  readonly message: string
}[] = [
  {
    what: 'an unknown network',
    prepare: () =>
      world.shell('mv /run/net.d/net1.conflist /run/net.d/net0.conflist; sed -i s/net1/net0/ /run/net.d/*'),
    message: 'no net configuration with name "net1" in /run/net.d',
  },
  {
    what: 'no configurations',
    env: { NETCONFPATH: '/run/nowhere' },
    message: 'no net configurations found in /run/nowhere',
  },
  {
    what: 'a broken configuration',
    prepare: () => writeConfig('net1', '{'),
    message: 'error parsing configuration list: unexpected end of JSON input',
  },
  { what: 'wrong CNI_ARGS', env: { CNI_ARGS: 'A=' }, message: 'invalid CNI_ARGS pair "A="' },
  { what: 'wrong CAP_ARGS', env: { CAP_ARGS: '[]' }, message: 'Cannot read CAP_ARGS: not a JSON object' },
  {
    what: 'a plugin that is nowhere',
    env: { CNI_PATH: '/run/nowhere' },
    message: 'plugin type="bridge" failed (add): failed to find plugin "bridge" in path [/run/nowhere]',
  },
  {
    what: 'a plugin that fails',
    prepare: () => usePlugin(`echo '{"code": 100, "msg": "not today", "details": "try later"}'; exit 1`),
    message: 'plugin type="own" failed (add): not today; try later',
  },
  {
    what: 'a plugin that dies',
    prepare: () => usePlugin('kill -9 $$'),
    message: 'plugin type="own" failed (add): netplugin failed with no error message: signal: killed',
  },
  {
    what: 'a plugin that prints nonsense',
    prepare: () => usePlugin('echo hello'),
    message:
      'plugin type="own" failed (add): failed to unmarshal raw result: ' +
      "invalid character 'h' looking for beginning of value",
  },
]

for (const { what, env = {}, prepare = () => {}, message } of errors) {
  test(`cnitool says once what is wrong: ${what}`, () => {
    prepare()
    const { status, stdout, stderr } = run(['add', 'net1', netns], env)
    assert.deepEqual({ status, stdout, stderr }, { status: 1, stdout: '', stderr: `Error: ${message}\n` })
  })
}

if (reference) {
  const env = { CNI_PATH: reference.directory }
  test('cnitool attaches, checks and detaches with the reference plugins', () => {
    const result = JSON.parse(succeed(['add', 'net1', netns], env))
    assert.equal(result.ips[0].address, '10.7.0.2/24')
    succeed(['check', 'net1', netns], env)
    // Either implementation takes over from the other.
    succeed(['check', 'net1', netns])
    succeed(['del', 'net1', netns])
    assert.doesNotMatch(world.shell('ip -netns c1 -o link show'), / eth0@/)
    assert.equal(world.shell('ls /var/lib/cni/networks/net1'), 'last_reserved_ip.0\nlock\n')
    assert.equal(JSON.parse(succeed(['add', 'net1', netns])).ips[0].address, '10.7.0.3/24')
    succeed(['check', 'net1', netns], env)
    succeed(['gc', 'net1'], env)
    assert.doesNotMatch(world.shell('ip -netns c1 -o link show'), / eth0@/)
    assert.equal(world.shell('ls /var/lib/cni/networks/net1'), 'last_reserved_ip.0\nlock\n')
  })
}
