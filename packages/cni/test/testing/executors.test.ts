import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Plugin } from '../../src/plugin/index.ts'
import { FakeExecutor, inProcessExecutor } from '../../src/testing/index.ts'
import { CniError, parseResult } from '../../src/types/index.ts'

const call = { stdin: '{"cniVersion":"1.0.0","name":"n","ipam":{"type":"ipam"}}', env: { CNI_COMMAND: 'ADD' } }

test('FakeExecutor answers with text, objects, errors and functions, and records its calls', async () => {
  const failure = new CniError(11, 'busy')
  const fake = new FakeExecutor({
    text: 'as it is',
    object: { a: 1 },
    error: failure,
    function: async () => ({ b: 2 }),
  })
  assert.equal(await fake.find('text', ['/a', '/b']), '/a/text')
  assert.equal(await fake.run('/a/text', call), 'as it is')
  assert.equal(await fake.run('/a/object', call), '{\n    "a": 1\n}')
  assert.equal(await fake.run('/a/function', { stdin: 'no json', env: {} }), '{\n    "b": 2\n}')
  await assert.rejects(fake.run('/a/error', call), (error) => error === failure)
  assert.deepEqual(fake.log, ['ADD text', 'ADD object', ' function', 'ADD error'])
  assert.deepEqual(fake.calls[0]?.config['ipam'], { type: 'ipam' })
  assert.deepEqual(fake.calls[2]?.config, {})
})

test('FakeExecutor finds only what it has an answer for', async () => {
  const fake = new FakeExecutor({})
  await assert.rejects(fake.find('constructor', ['/a']), {
    message: 'failed to find plugin "constructor" in path [/a]',
  })
})

test('FakeExecutor rejects when the signal is aborted', async () => {
  const fake = new FakeExecutor({ x: '' })
  await assert.rejects(fake.run('/x', { ...call, signal: AbortSignal.abort() }), { name: 'AbortError' })
  assert.deepEqual(fake.calls, [])
})

test('inProcessExecutor() runs plugins that delegate to each other', async () => {
  const ipam: Plugin = {
    name: 'ipam',
    add: async ({ cniVersion }) => parseResult({ cniVersion, ips: [{ address: '10.0.0.5/24' }] }),
  }
  const main: Plugin = {
    name: 'main',
    async add({ delegate, warn }) {
      warn('delegating')
      const result = await delegate('ipam', 'ADD')
      return { cniVersion: '1.0.0', ...result, interfaces: [{ name: 'eth0' }] }
    },
  }
  let stderr = ''
  const executor = inProcessExecutor(
    { main, ipam },
    {
      stderr: (text) => {
        stderr += text
      },
    },
  )
  const env = { ...call.env, CNI_CONTAINERID: 'c', CNI_NETNS: '/n', CNI_IFNAME: 'eth0', CNI_PATH: '/bin' }
  const stdout = await executor.run(await executor.find('main', ['/bin']), { ...call, env })
  assert.deepEqual(JSON.parse(stdout), {
    cniVersion: '1.0.0',
    interfaces: [{ name: 'eth0' }],
    ips: [{ address: '10.0.0.5/24' }],
  })
  assert.equal(stderr, 'delegating\n')
})

test('inProcessExecutor() reports failures as a process would', async () => {
  const bad: Plugin = {
    name: 'bad',
    async del() {
      throw new CniError(11, 'busy')
    },
  }
  const silent = async () => 2
  const executor = inProcessExecutor({ bad, silent })
  const env = { CNI_COMMAND: 'DEL', CNI_CONTAINERID: 'c', CNI_IFNAME: 'eth0', CNI_PATH: '/bin' }
  await assert.rejects(executor.run('bad', { ...call, env }), { name: 'CniError', code: 11, msg: 'busy' })
  await assert.rejects(executor.run('silent', { ...call, env }), {
    message: 'netplugin failed with no error message: exit status 2',
  })
  await assert.rejects(
    executor.find('toString', ['/bin']),
    /^Error: failed to find plugin "toString" in path \[\/bin\]$/,
  )
})
