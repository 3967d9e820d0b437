import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CIDR } from '@patchbay/address'
import { type Plugin, type Request, Shared } from '../../src/plugin/index.ts'
import { allVersions, CniError } from '../../src/types/index.ts'
import { attachment, call, errorText } from './fake-world.ts'

const address = CIDR.parse('10.0.0.5/24')

/** Has every handler and notes what it was called for. */
function recorder(parts: Partial<Plugin> = {}): Plugin & { calls: Request[] } {
  const calls: Request[] = []
  const note = async (request: Request) => {
    calls.push(request)
  }
  const add = async (request: Request) => {
    calls.push(request)
    return { cniVersion: '1.1.0', ips: [{ address }] }
  }
  return { name: 'example', calls, add, del: note, check: note, gc: note, status: note, ...parts }
}

const net = (cniVersion?: string) => ({ name: 'net', type: 'example', ...(cniVersion ? { cniVersion } : {}) })
const anyVersion = '["0.1.0" "0.2.0" "0.3.0" "0.3.1" "0.4.0" "1.0.0" "1.1.0"]'

test('dispatch() without CNI_COMMAND tells a person what the plugin is', async () => {
  for (const env of [{}, { CNI_COMMAND: '' }, { CNI_CONTAINERID: '!' }]) {
    assert.deepEqual(await call(recorder({ versions: ['0.4.0', '1.0.0'] }), env, { about: 'v1.2.3' }), {
      status: 0,
      stdout: '',
      stderr: 'CNI example plugin v1.2.3\nCNI protocol versions supported: 0.4.0, 1.0.0\n',
      reads: 0,
    })
  }
  assert.match((await call(recorder(), {})).stderr, /^CNI example plugin version unknown\n.*: 0.1.0, .*, 1.1.0\n$/)
})

test('dispatch() answers VERSION on one line, without reading standard input', async () => {
  assert.deepEqual(await call(recorder(), { CNI_COMMAND: 'VERSION' }), {
    status: 0,
    stdout: `{"cniVersion":"1.1.0","supportedVersions":["0.1.0","0.2.0","0.3.0","0.3.1","0.4.0","1.0.0","1.1.0"]}\n`,
    stderr: '',
    reads: 0,
  })
  const { stdout } = await call(recorder({ versions: ['0.3.1'] }), { CNI_COMMAND: 'VERSION' })
  assert.equal(stdout, '{"cniVersion":"1.1.0","supportedVersions":["0.3.1"]}\n')
})

test('dispatch() lists missing variables in their order', async () => {
  const missing = {
    ADD: 'CNI_CONTAINERID,CNI_NETNS,CNI_IFNAME,CNI_PATH',
    CHECK: 'CNI_CONTAINERID,CNI_NETNS,CNI_IFNAME,CNI_PATH',
    DEL: 'CNI_CONTAINERID,CNI_IFNAME,CNI_PATH',
    GC: 'CNI_PATH',
    STATUS: 'CNI_PATH',
  }
  for (const [command, list] of Object.entries(missing)) {
    const seen = await call(recorder(), { CNI_COMMAND: command, CNI_ARGS: '' }, { stdin: net('1.1.0') })
    assert.equal(seen.stdout, errorText(4, `required env variables [${list}] missing`), command)
    assert.deepEqual([seen.status, seen.reads], [1, 0])
  }
})

test('dispatch() reports a bad variable before missing ones, and the first bad one first', async () => {
  const badId = errorText(4, 'invalid characters in containerID', '!')
  const badName = errorText(4, 'interface name is . or ..')
  const first = await call(recorder(), { CNI_COMMAND: 'ADD', CNI_CONTAINERID: '!', CNI_IFNAME: '..' })
  assert.equal(first.stdout, badId)
  assert.equal((await call(recorder(), { CNI_COMMAND: 'DEL', CNI_IFNAME: '..' })).stdout, badName)
  // GC has no attachment: what those variables hold does not matter.
  const env = { CNI_COMMAND: 'GC', CNI_PATH: '/x', CNI_CONTAINERID: '!', CNI_IFNAME: '..' }
  assert.equal((await call(recorder(), env, { stdin: net('1.1.0') })).status, 0)
})

test('dispatch() demands a valid configuration of an unknown verb before it rejects that', async () => {
  const cases = [
    ['', errorText(6, 'error unmarshall network config: unexpected end of JSON input')],
    ['{} x', errorText(6, "error unmarshall network config: invalid character 'x' after top-level value")],
    [
      '[]',
      errorText(
        6,
        'error unmarshall network config: json: cannot unmarshal array into Go value of type struct { Name string "json:\\"name\\"" }',
      ),
    ],
    [
      '{"name":1}',
      errorText(
        6,
        'error unmarshall network config: json: cannot unmarshal number into Go struct field .name of type string',
      ),
    ],
    ['null', errorText(7, 'missing network name')],
    ['{"name":""}', errorText(7, 'missing network name')],
    ['{"name":"-n"}', errorText(7, 'invalid characters found in network name', '-n')],
    ['{"NAME":"n"}', errorText(4, 'unknown CNI_COMMAND: FOO')],
  ] as const
  for (const [stdin, stdout] of cases) {
    assert.deepEqual(await call(recorder(), { CNI_COMMAND: 'FOO' }, { stdin }), {
      status: 1,
      stdout,
      stderr: '',
      reads: 1,
    })
  }
  assert.equal(
    (await call(recorder(), { CNI_COMMAND: 'add' }, { stdin: net() })).stdout,
    errorText(4, 'unknown CNI_COMMAND: add'),
  )
  const inherited = await call(recorder(), { CNI_COMMAND: 'toString' }, { stdin: net() })
  assert.equal(inherited.stdout, errorText(4, 'unknown CNI_COMMAND: toString'))
})

test('dispatch() reports standard input that cannot be read', async () => {
  const { stdout } = await call(recorder(), attachment('ADD'), { readStdin: () => Promise.reject(new Error('EIO')) })
  assert.equal(stdout, errorText(5, 'error reading from stdin: EIO'))
})

test('dispatch() takes versions by exact membership', async () => {
  for (const version of ['9.9.9', '1.0', 'x']) {
    const seen = await call(recorder(), attachment('ADD'), { stdin: net(version) })
    const details = `config is "${version}", plugin supports ${anyVersion}`
    assert.equal(seen.stdout, errorText(1, 'incompatible CNI versions', details))
  }
  const narrow = recorder({ versions: ['0.3.1', '1.0.0'] })
  const seen = await call(narrow, attachment('DEL'), { stdin: net() })
  const details = 'config is "0.1.0", plugin supports ["0.3.1" "1.0.0"]'
  assert.equal(seen.stdout, errorText(1, 'incompatible CNI versions', details))
  assert.deepEqual(narrow.calls, [])
})

test('dispatch() reports a cniVersion that is no text', async () => {
  for (const command of ['ADD', 'GC']) {
    const seen = await call(recorder(), attachment(command), { stdin: '{"name":"n","cniVersion":1}' })
    const msg =
      'decoding version from network config: json: cannot unmarshal number into Go struct field .cniVersion of type string'
    assert.equal(seen.stdout, errorText(6, msg))
  }
})

test('dispatch() gates CHECK, GC and STATUS by version', async () => {
  const gates = [
    ['CHECK', '0.3.1', '0.4.0'],
    ['GC', '1.0.0', '1.1.0'],
    ['STATUS', '1.0.0', '1.1.0'],
  ] as const
  for (const [command, tooOld, first] of gates) {
    const run = (plugin: Plugin, version?: string) => call(plugin, attachment(command), { stdin: net(version) })
    const old = errorText(1, `config version does not allow ${command}`)
    assert.equal((await run(recorder(), tooOld)).stdout, old)
    assert.equal((await run(recorder())).stdout, old)
    const oldPlugin = recorder({ versions: [tooOld] })
    assert.equal((await run(oldPlugin, first)).stdout, errorText(1, `plugin version does not allow ${command}`))
    const details = `config is "1.1", plugin supports ${anyVersion}`
    assert.equal((await run(recorder(), '1.1')).stdout, errorText(1, 'incompatible CNI versions', details))
    assert.equal((await run(recorder(), '1.0.0.0')).stdout, errorText(6, 'invalid version "1.0.0.0": too many parts'))
    const plugin = recorder()
    assert.deepEqual(await run(plugin, first), { status: 0, stdout: '', stderr: '', reads: 1 })
    assert.deepEqual(
      plugin.calls.map((request) => request.command),
      [command],
    )
  }
})

test('dispatch() succeeds silently where there is no handler', async () => {
  for (const command of ['ADD', 'DEL', 'CHECK', 'GC', 'STATUS']) {
    const seen = await call({ name: 'example' }, attachment(command), { stdin: net('1.1.0') })
    assert.deepEqual(seen, { status: 0, stdout: '', stderr: '', reads: 1 }, command)
  }
})

test('dispatch() prints the result in the version of the configuration', async () => {
  for (const version of allVersions) {
    const { stdout, status } = await call(recorder(), attachment('ADD'), { stdin: net(version) })
    const printed = JSON.parse(stdout)
    assert.deepEqual([status, printed.cniVersion], [0, version])
    assert.equal(stdout, JSON.stringify(printed, null, 4))
    const found = version.startsWith('0.1') || version.startsWith('0.2') ? printed.ip4.ip : printed.ips[0].address
    assert.equal(found, '10.0.0.5/24')
  }
  const noAddress = recorder({ add: async () => ({ cniVersion: '1.1.0' }) })
  const { stdout, status } = await call(noAddress, attachment('ADD'), { stdin: net('0.2.0') })
  assert.deepEqual([status, stdout], [1, errorText(999, 'cannot convert: no valid IP addresses')])
})

test('dispatch() gives handlers the call', async () => {
  const plugin = recorder()
  const stdin = '{"NAME":"net","cniVersion":"1.0.0","mtu":1e3}'
  const env = attachment('ADD', { CNI_ARGS: 'A=b', CNI_PATH: '/a::/b', OTHER: 'x' })
  const signal = new AbortController().signal
  const seen = await call(plugin, env, { stdin, hostNetns: '/host', signal })
  const [request] = plugin.calls
  assert.ok(request)
  const { warn, delegate, shared, ...data } = request
  assert.deepEqual(data, {
    command: 'ADD',
    containerId: 'c1',
    netns: '/nope',
    ifName: 'eth0',
    args: 'A=b',
    path: ['/a', '', '/b'],
    hostNetns: '/host',
    env,
    name: 'net',
    cniVersion: '1.0.0',
    stdin,
    config: { NAME: 'net', cniVersion: '1.0.0', mtu: 1000 },
    signal,
  })
  assert.equal(typeof delegate, 'function')
  assert.equal(typeof warn, 'function')
  assert.ok(shared instanceof Shared)
  assert.equal(seen.status, 0)
})

test('dispatch() sends warnings to standard error', async () => {
  const plugin = recorder({ del: async (request) => request.warn('careful') })
  assert.deepEqual(await call(plugin, attachment('DEL'), { stdin: net() }), {
    status: 0,
    stdout: '',
    stderr: 'careful\n',
    reads: 1,
  })
})

test('dispatch() prints coded errors as they are and all others with code 999', async () => {
  const fail = (error: unknown) => recorder({ add: () => Promise.reject(error) })
  const coded = new CniError('tryAgainLater', 'busy', { details: 'x<y' })
  const cases = [
    [coded, '{\n    "code": 11,\n    "msg": "busy",\n    "details": "x\\u003cy"\n}'],
    [
      new Error('wrapped', { cause: new Error('again', { cause: coded }) }),
      errorText(11, 'busy', 'x<y').replace('<', '\\u003c'),
    ],
    [new TypeError('plain'), errorText(999, 'plain')],
    ['not an error', errorText(999, 'not an error')],
  ] as const
  for (const [error, stdout] of cases) {
    assert.deepEqual(await call(fail(error), attachment('ADD'), { stdin: net() }), {
      status: 1,
      stdout,
      stderr: '',
      reads: 1,
    })
  }
  const throwing = recorder({
    del: () => {
      throw new Error('not even a promise')
    },
  })
  const { stdout } = await call(throwing, attachment('DEL'), { stdin: net() })
  assert.equal(stdout, errorText(999, 'not even a promise'))
})

const sameNetns = errorText(8, "plugin's netns and netns from CNI_NETNS should not be the same")

test('dispatch() refuses the namespace of the host before ADD and DEL act', async () => {
  for (const command of ['ADD', 'DEL']) {
    const plugin = recorder()
    const env = attachment(command, { CNI_NETNS: '/proc/self/ns/net' })
    for (const override of ['', '0', 'yes']) {
      const seen = await call(plugin, { ...env, CNI_NETNS_OVERRIDE: override }, { stdin: net() })
      assert.deepEqual([seen.status, seen.stdout], [1, sameNetns])
    }
    // By another name it is the same namespace still.
    const seen = await call(plugin, env, { stdin: net(), hostNetns: `/proc/${process.pid}/ns/net` })
    assert.equal(seen.stdout, sameNetns)
    assert.deepEqual(plugin.calls, [])
    // A version that the plugin does not speak is told first.
    assert.match((await call(plugin, env, { stdin: net('9.9.9') })).stdout, /"code": 1,/)
  }
})

test('dispatch() lets the namespace of the host pass with CNI_NETNS_OVERRIDE', async () => {
  for (const override of ['1', 'true', 'TRUE', 'True']) {
    const plugin = recorder()
    const env = attachment('DEL', { CNI_NETNS: '/proc/self/ns/net', CNI_NETNS_OVERRIDE: override })
    assert.equal((await call(plugin, env, { stdin: net() })).status, 0)
    assert.equal(plugin.calls.length, 1)
  }
})

test('dispatch() lets pass what is not the namespace of the host, or cannot be looked at', async () => {
  for (const netns of ['/proc/self/ns/mnt', '/nope', '']) {
    const seen = await call(recorder(), attachment('DEL', { CNI_NETNS: netns }), { stdin: net() })
    assert.equal(seen.status, 0, netns)
  }
  const unknownHost = await call(recorder(), attachment('DEL'), { stdin: net(), hostNetns: '/nope' })
  assert.equal(unknownHost.status, 0)
  // Two file systems, in each of which the root is inode 1.
  const roots = await call(recorder(), attachment('DEL', { CNI_NETNS: '/proc' }), { stdin: net(), hostNetns: '/sys' })
  assert.equal(roots.status, 0)
  const check = attachment('CHECK', { CNI_NETNS: '/proc/self/ns/net' })
  assert.equal((await call(recorder(), check, { stdin: net('1.0.0') })).status, 0)
})
