import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { patchbay } from '../lab/implementation.ts'
import { cnitool, netns, network, run, succeed, usePlugin, world, writeConfig } from './cnitool-lab.ts'

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

test('cnitool status succeeds when the plugins are ready, and needs no namespace', () => {
  assert.equal(succeed(['status', 'net1']), '')
  assert.equal(succeed(['status', 'net1', netns]), '')
  usePlugin(`echo '{"code": 50, "msg": "no addresses", "details": "all in use"}'; exit 1`)
  const { status, stdout, stderr } = run(['status', 'net1'])
  assert.deepEqual(
    { status, stdout, stderr },
    { status: 1, stdout: '', stderr: 'Error: plugin type="own" failed (status): no addresses; all in use\n' },
  )
})

test('cnitool tells plugins what the reference tells them', () => {
  usePlugin(`echo '{"cniVersion": "1.1.0"}'`, { capabilities: { mac: true } })
  const CAP_ARGS = '{"mac": "02:00:00:00:00:01", "other": 1}'
  assert.equal(run(['add', 'net1', 'netns/c1'], { CNI_ARGS: 'IgnoreUnknown=1;A=b', CAP_ARGS }).status, 0)
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

test('cnitool warns of a capability that no plugin enables', () => {
  usePlugin(`echo '{"cniVersion": "1.1.0"}'`, { capabilities: { portMappings: true } })
  const { status, stderr } = run(['add', 'net1', netns], { CAP_ARGS: '{"portmappings": []}' })
  const warning =
    'Cannot hand on "portmappings" of CAP_ARGS: no plugin of network "net1" enables it; write "portMappings"'
  assert.deepEqual({ status, stderr }, { status: 0, stderr: `Warning: ${warning}\n` })
})

test('cnitool ignores further arguments, with a warning', () => {
  const { status, stderr } = run(['status', 'net1', netns, 'more', 'and more'])
  assert.deepEqual({ status, stderr }, { status: 0, stderr: 'Warning: ignored "more", "and more"\n' })
})

test('cnitool finds a network behind a configuration that cannot be loaded, and warns of that', () => {
  writeConfig('00-broken', '{')
  world.shell('ln -s nowhere /run/net.d/01-gone.conflist')
  const warnings = [
    'Cannot load "/run/net.d/00-broken.conflist": error parsing configuration list: unexpected end of JSON input',
    'error reading /run/net.d/01-gone.conflist: open /run/net.d/01-gone.conflist: no such file or directory',
  ]
  const { status, stdout, stderr } = run(['add', 'net1', netns])
  assert.deepEqual([status, stderr], [0, warnings.map((warning) => `Warning: ${warning}\n`).join('')])
  assert.equal(JSON.parse(stdout).ips[0].address, '10.7.0.2/24')
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
    what: 'a broken configuration, of an unknown network',
    prepare: () => writeConfig('net1', '{'),
    message:
      'no net configuration with name "net1" in /run/net.d; ' +
      'Cannot load "/run/net.d/net1.conflist": error parsing configuration list: unexpected end of JSON input',
  },
  {
    what: 'a broken configuration of the network',
    prepare: () => writeConfig('net1', network({ plugins: [] })),
    message: 'Cannot load "/run/net.d/net1.conflist": error parsing configuration list: no plugins in list',
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
