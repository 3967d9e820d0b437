import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FakeExecutor, programExecutor } from '../../src/testing/index.ts'
import { CniError } from '../../src/types/index.ts'

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
    code: 'ENOENT',
    message: 'failed to find plugin "constructor" in path [/a]',
  })
})

test('FakeExecutor rejects when the signal is aborted', async () => {
  const fake = new FakeExecutor({ x: '' })
  await assert.rejects(fake.run('/x', { ...call, signal: AbortSignal.abort() }), { name: 'AbortError' })
  assert.deepEqual(fake.calls, [])
})

test('programExecutor() reports failures as a process would', async () => {
  const executor = programExecutor({
    silent: async () => 2,
    coded: async ({ stdout }) => {
      stdout('{"code":11,"msg":"busy"}')
      return 1
    },
  })
  await assert.rejects(executor.run('coded', call), { name: 'CniError', code: 11, msg: 'busy' })
  await assert.rejects(executor.run('silent', call), {
    message: 'netplugin failed with no error message: exit status 2',
  })
  await assert.rejects(
    executor.find('toString', ['/bin']),
    /^PluginNotFoundError: failed to find plugin "toString" in path \[\/bin\]$/,
  )
})
