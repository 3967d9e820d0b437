import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CIDR, parseIP } from '@patchbay/address'
import { callPlugin, type InProcessCall, type Plugin, type Request } from '../../src/plugin/index.ts'
import { FakeExecutor } from '../../src/testing/index.ts'
import { CniError, isCniError, parseResult, type Result } from '../../src/types/index.ts'
import { attachment } from './fake-world.ts'

const address = CIDR.parse('10.0.0.5/24')
const net = (cniVersion: string) => ({ cniVersion, name: 'net', type: 'example' })

/** Gives one result, and notes what it was called for. */
function example(result: Result, done: Request[] = []): Plugin {
  return {
    name: 'example',
    add: async (request) => {
      done.push(request)
      return result
    },
    del: async (request) => void done.push(request),
  }
}

function call(plugin: Plugin, version: string, more: InProcessCall = {}): Promise<Result | undefined> {
  return callPlugin(plugin, { env: attachment('ADD'), config: net(version), stderr: () => {}, ...more })
}

test('callPlugin() gives the result in values, as the version of the configuration can tell it', async () => {
  const result: Result = {
    cniVersion: '1.1.0',
    interfaces: [{ name: 'eth0', mac: '', mtu: 1400, sandbox: '/nope' }],
    ips: [{ address, gateway: parseIP('10.0.0.1'), interface: 0 }],
    routes: [],
  }
  const interfaces = [{ name: 'eth0', sandbox: '/nope' }]
  const given = await call(example(result), '1.1.0')
  const { routes: _, ...said } = result
  assert.deepEqual(given, { ...said, interfaces: [{ ...interfaces[0], mtu: 1400 }], dns: {} })
  assert.equal(given?.ips?.[0]?.address, address)
  assert.notEqual(given?.ips, result.ips)
  assert.deepEqual(await call(example(result), '0.4.0'), { ...said, cniVersion: '0.4.0', interfaces, dns: {} })
  assert.deepEqual(await call(example(result), '0.2.0'), {
    cniVersion: '0.2.0',
    ips: [{ address, gateway: parseIP('10.0.0.1') }],
    routes: [],
    dns: {},
  })
})

test('callPlugin() tells a plugin what a runtime tells it', async () => {
  const done: Request[] = []
  const args = { command: 'ADD', containerId: 'c1', netns: '/nope', ifName: 'eth0', path: ['/a', '/b'] }
  const config = { ...net('1.0.0'), mtu: 1400 }
  await callPlugin(example({ cniVersion: '' }, done), { args, config, env: { X: 'y' }, hostNetns: '/host' })
  const [request] = done
  const { containerId, netns, ifName, path, name, cniVersion, hostNetns } = request ?? {}
  assert.deepEqual({ command: request?.command, containerId, netns, ifName, path }, args)
  assert.deepEqual({ name, cniVersion, hostNetns }, { name: 'net', cniVersion: '1.0.0', hostNetns: '/host' })
  assert.equal(request?.config, config)
  assert.equal(request?.stdin, '{"cniVersion":"1.0.0","name":"net","type":"example","mtu":1400}')
  assert.equal(request?.env['X'], 'y')
})

test('callPlugin() gives nothing for commands without a result, and for handlers that are not there', async () => {
  assert.equal(
    await callPlugin(example({ cniVersion: '' }), { env: attachment('DEL'), config: net('1.0.0') }),
    undefined,
  )
  assert.equal(await call({ name: 'none' }, '1.0.0'), undefined)
})

test('callPlugin() throws what the plugin would print, and checks what dispatch() checks', async () => {
  const plugin = example({ cniVersion: '' })
  const { CNI_PATH: _, ...withoutPath } = attachment('ADD')
  const refused: [InProcessCall, code: number, msg: string | RegExp][] = [
    [{ env: withoutPath, stdin: 'no json' }, 4, 'required env variables [CNI_PATH] missing'],
    [{ stdin: 'no json' }, 6, /^error unmarshall network config: invalid character/],
    [{ config: {} }, 7, 'missing network name'],
    [{ env: attachment('WHAT') }, 4, 'unknown CNI_COMMAND: WHAT'],
    [{ env: attachment('VERSION') }, 4, 'unknown CNI_COMMAND: VERSION'],
    [{ config: net('9.0.0') }, 1, 'incompatible CNI versions'],
    [{ env: attachment('ADD', { CNI_NETNS: '/proc/self/ns/net' }) }, 8, /should not be the same/],
  ]
  for (const [{ stdin, ...more }, code, msg] of refused) {
    const given = stdin === undefined ? { config: net('1.0.0') } : { stdin }
    await assert.rejects(callPlugin(plugin, { env: attachment('ADD'), ...given, ...more }), {
      name: 'CniError',
      code,
      msg,
    })
  }
  const failure = new CniError(11, 'busy')
  const wrapping = { name: 'example', add: () => Promise.reject(new Error('Cannot add', { cause: failure })) }
  await assert.rejects(call(wrapping, '1.0.0'), (error) => error === failure)
  const plain = { name: 'example', add: () => Promise.reject(new TypeError('no')) }
  await assert.rejects(call(plain, '1.0.0'), (error) => isCniError(error) && error.code === 999 && error.msg === 'no')
})

test('callPlugin() takes an ADD back that the version cannot tell, though it has been cut short', async () => {
  const done: Request[] = []
  const terminated = new AbortController()
  const plugin = example({ cniVersion: '' }, done)
  const cut: Plugin = {
    ...plugin,
    async add(request) {
      terminated.abort(new Error('gone'))
      return (await plugin.add?.(request)) ?? { cniVersion: '' }
    },
  }
  const { signal } = terminated
  await assert.rejects(call(cut, '0.2.0', { signal }), { code: 999, msg: 'gone' })
  assert.deepEqual(
    done.map((request) => [request.command, request.env['CNI_COMMAND'], request.containerId, request.signal]),
    [
      ['ADD', 'ADD', 'c1', signal],
      ['DEL', 'DEL', 'c1', undefined],
    ],
  )
})

test('callPlugin() takes an ADD back whose caller is gone by its end, or whose plugin gives no result', async () => {
  const done: Request[] = []
  const terminated = new AbortController()
  const late = example({ cniVersion: '' }, done)
  const cut: Plugin = {
    ...late,
    async add(request) {
      terminated.abort(new Error('gone'))
      return (await late.add?.(request)) ?? { cniVersion: '' }
    },
  }
  await assert.rejects(call(cut, '1.0.0', { signal: terminated.signal }), { code: 999, msg: 'gone' })
  const silent = example(undefined as unknown as Result, done)
  const msg = 'Cannot give the result of plugin "example": its ADD returned none'
  await assert.rejects(call(silent, '1.0.0'), { code: 999, msg })
  assert.deepEqual(
    done.map(({ command }) => command),
    ['ADD', 'DEL', 'ADD', 'DEL'],
  )
})

test('callPlugin() begins nothing for a caller who is gone', async () => {
  const done: Request[] = []
  const signal = AbortSignal.abort(new Error('gone'))
  for (const command of ['ADD', 'DEL'])
    await assert.rejects(call(example({ cniVersion: '' }, done), '1.0.0', { env: attachment(command), signal }), {
      code: 999,
      msg: 'gone',
    })
  assert.deepEqual(done, [])
})

test('callPlugin() gives delegates that are processes the text of the configuration', async () => {
  const executor = new FakeExecutor({ ipam: { cniVersion: '1.0.0', ips: [{ address: '10.0.0.5/24' }] } })
  const main: Plugin = {
    name: 'main',
    add: async ({ delegate }) => (await delegate('ipam', 'ADD')) ?? { cniVersion: '' },
  }
  const given = await call(main, '1.0.0', { executor })
  assert.deepEqual(given, parseResult({ cniVersion: '1.0.0', ips: [{ address: '10.0.0.5/24' }] }))
  await call(main, '1.0.0', { executor, config: net('1.0.0'), stdin: '{ "as": "it came" }' })
  assert.deepEqual(
    executor.calls.map(({ stdin }) => stdin),
    ['{"cniVersion":"1.0.0","name":"net","type":"example"}', '{ "as": "it came" }'],
  )
})
