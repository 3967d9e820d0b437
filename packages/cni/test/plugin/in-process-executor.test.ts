import assert from 'node:assert/strict'
import { test } from 'node:test'
import { networkListFromBytes } from '../../src/config/index.ts'
import type { Executor } from '../../src/exec/index.ts'
import { callPlugin, type InProcessCall, inProcessExecutor, type Plugin } from '../../src/plugin/index.ts'
import { Cni } from '../../src/runtime/index.ts'
import { CniError, isCniError, parseResult } from '../../src/types/index.ts'
import { scratch } from '../testing/scratch.ts'
import { attachment } from './fake-world.ts'

const stdin = '{"cniVersion":"1.0.0","name":"n","ipam":{"type":"ipam"}}'

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
const bad: Plugin = {
  name: 'bad',
  del: () => Promise.reject(new CniError(11, 'busy')),
}
const printed = { cniVersion: '1.0.0', interfaces: [{ name: 'eth0' }], ips: [{ address: '10.0.0.5/24' }] }

test('inProcessExecutor() runs plugins that delegate to each other', async () => {
  let stderr = ''
  const executor = inProcessExecutor(
    { main, ipam },
    {
      stderr: (text) => {
        stderr += text
      },
    },
  )
  const path = await executor.find('main', ['/bin'])
  assert.deepEqual(JSON.parse(await executor.run(path, { stdin, env: attachment('ADD') })), printed)
  assert.equal(stderr, 'delegating\n')
  assert.match(await executor.run(path, { stdin: '', env: { CNI_COMMAND: 'VERSION' } }), /"supportedVersions"/)
})

test('inProcessExecutor() fails with what plugins fail with', async () => {
  const executor = inProcessExecutor({ bad })
  await assert.rejects(executor.run('bad', { stdin, env: attachment('DEL') }), { code: 11, msg: 'busy' })
  await assert.rejects(executor.callInProcess('bad', { stdin, env: attachment('DEL') }), { code: 11, msg: 'busy' })
  await assert.rejects(executor.run('toString', { stdin, env: {} }), {
    message: 'Cannot run plugin "toString": it was not found',
  })
  await assert.rejects(executor.find('toString', ['/bin']), {
    code: 'ENOENT',
    message: 'failed to find plugin "toString" in path [/bin]',
  })
})

/** Runs plugins of this process in values only. */
function valuesOnly(plugins: Readonly<Record<string, Plugin>>, seen: InProcessCall[] = []): Executor {
  const { find, callInProcess } = inProcessExecutor(plugins, { stderr: () => {} })
  return {
    find,
    run: () => Promise.reject(new Error('text is not asked for')),
    callInProcess(path, call) {
      seen.push(call)
      return callInProcess(path, call)
    },
  }
}

test('a plugin hands a plugin in its process the configuration that it has parsed', async () => {
  const seen: InProcessCall[] = []
  const config = { cniVersion: '1.0.0', name: 'n' }
  const call = { config, executor: valuesOnly({ ipam }, seen), stderr: () => {} }
  const result = await callPlugin(main, { ...call, env: attachment('ADD') })
  assert.deepEqual(result?.ips, parseResult(printed).ips)
  assert.equal(seen[0]?.config, config)
})

test('a Cni object takes the results of plugins in its process in values', async (t) => {
  const cni = new Cni({ path: ['/'], executor: valuesOnly({ ipam, bad }), cacheDir: scratch(t) })
  const rt = { containerId: 'c1', netns: '/nope', ifName: 'eth0' }
  const listOf = (...types: string[]) =>
    networkListFromBytes(JSON.stringify({ cniVersion: '0.4.0', name: 'n', plugins: types.map((type) => ({ type })) }))
  const result = await cni.addNetworkList(listOf('ipam'), rt)
  assert.deepEqual(
    result,
    parseResult({ cniVersion: '0.4.0', ips: [{ version: '4', address: '10.0.0.5/24' }], dns: {} }),
  )
  await assert.rejects(cni.addNetworkList(listOf('bad'), rt), /unexpected end of JSON input/)
  await assert.rejects(cni.delNetworkList(listOf('bad'), rt), ({ cause }) => isCniError(cause) && cause.code === 11)
})
