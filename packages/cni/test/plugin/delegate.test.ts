import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Executor, PluginCall } from '../../src/exec/index.ts'
import { delegateIpam, type Plugin, type Request } from '../../src/plugin/index.ts'
import { CniError, type Result } from '../../src/types/index.ts'
import { attachment, call, errorText } from './fake-world.ts'

/** Runs nothing: answers with a text, or an error, and notes what it was asked. */
function fakeExecutor(answer: string | Error): Executor & { found: unknown[]; ran: [string, PluginCall][] } {
  const found: unknown[] = []
  const ran: [string, PluginCall][] = []
  return {
    found,
    ran,
    async find(type, path) {
      found.push([type, path])
      return `${path[0]}/${type}`
    },
    async run(path, pluginCall) {
      ran.push([path, pluginCall])
      if (answer instanceof Error) throw answer
      return answer
    },
  }
}

/** Calls a plugin whose handler for every command is `handler`. */
async function within(handler: (request: Request) => Promise<unknown>, command: string, executor: Executor, more = {}) {
  const run = async (request: Request) => {
    await handler(request)
  }
  const add = async (request: Request): Promise<Result> => {
    await handler(request)
    return { cniVersion: '1.1.0' }
  }
  const plugin: Plugin = { name: 'outer', add, del: run, check: run, gc: run, status: run }
  const stdin = '{"name":"net","cniVersion":"1.1.0","ipam":{"type":"host-local"}}'
  const env = attachment(command, { CNI_PATH: '/a:/b', CNI_ARGS: 'X=1', CNI_NETNS_OVERRIDE: '1', OTHER: 'y' })
  return { stdin, env, seen: await call(plugin, env, { stdin, executor, ...more }) }
}

test('request.delegate runs a plugin with the same environment and configuration', async () => {
  for (const command of ['ADD', 'DEL', 'CHECK', 'GC', 'STATUS'] as const) {
    const executor = fakeExecutor('{"ips":[{"address":"10.0.0.5/24"}]}')
    let result: Result | undefined
    const signal = new AbortController().signal
    const { env, stdin, seen } = await within(
      async (request) => {
        result = await request.delegate('host-local', command)
      },
      'ADD',
      executor,
      { signal },
    )
    assert.equal(seen.status, 0, seen.stdout)
    assert.deepEqual(executor.found, [['host-local', ['/a', '/b']]])
    assert.deepEqual(executor.ran, [['/a/host-local', { stdin, env: { ...env, CNI_COMMAND: command }, signal }]])
    // A result that states no version is in the configuration's.
    assert.deepEqual(
      [result?.cniVersion, String(result?.ips?.[0]?.address)],
      command === 'ADD' ? ['1.1.0', '10.0.0.5/24'] : [undefined, 'undefined'],
    )
  }
})

test('request.delegate hands on another configuration and another signal when told to', async () => {
  const executor = fakeExecutor('{}')
  const signal = new AbortController().signal
  const stdin = '{"name":"net","cniVersion":"0.4.0"}'
  let result: Result | undefined
  await within(
    async (request) => {
      result = await request.delegate('x', 'ADD', { stdin, signal })
    },
    'ADD',
    executor,
  )
  assert.equal(executor.ran[0]?.[1].stdin, stdin)
  assert.equal(executor.ran[0]?.[1].signal, signal)
  assert.equal(result?.cniVersion, '0.4.0')
})

test("request.delegate passes the delegate's own error on", async () => {
  const executor = fakeExecutor(new CniError(11, 'busy', { details: 'lock' }))
  const { seen } = await within((request) => request.delegate('x', 'DEL'), 'DEL', executor)
  assert.deepEqual([seen.status, seen.stdout], [1, errorText(11, 'busy', 'lock')])
})

test('request.delegate refuses an empty name', async () => {
  const { seen } = await within((request) => request.delegate('', 'DEL'), 'DEL', fakeExecutor(''))
  assert.equal(seen.stdout, errorText(999, 'no plugin name provided'))
})

test('delegateIpam() runs the plugin that ipam.type names', async () => {
  const executor = fakeExecutor('{"cniVersion":"0.4.0","ips":[{"version":"4","address":"10.0.0.5/24"}]}')
  const { seen } = await within(
    async (request) => {
      const { ips = [] } = await delegateIpam(request, 'ADD')
      assert.equal(String(ips[0]?.address), '10.0.0.5/24')
      assert.equal(await delegateIpam(request, 'DEL'), undefined)
    },
    'ADD',
    executor,
  )
  assert.equal(seen.status, 0, seen.stdout)
  assert.deepEqual(
    executor.ran.map(([path, { env }]) => [path, env['CNI_COMMAND']]),
    [
      ['/a/host-local', 'ADD'],
      ['/a/host-local', 'DEL'],
    ],
  )
})

test('delegateIpam() refuses a configuration that names none', async () => {
  for (const stdin of ['{"name":"n"}', '{"name":"n","ipam":{}}', '{"name":"n","ipam":{"type":""}}']) {
    const plugin: Plugin = { name: 'outer', del: async (request) => void (await delegateIpam(request, 'DEL')) }
    const { stdout } = await call(plugin, attachment('DEL'), { stdin, executor: fakeExecutor('') })
    assert.equal(stdout, errorText(999, 'no plugin name provided'))
  }
})

test('request.delegate takes a result without a version for one of the configuration that it handed on', async () => {
  const versions: unknown[] = []
  const executor = fakeExecutor('{"ips":[]}')
  for (const stdin of [undefined, '{"cniVersion":"1.0.0"}', '{}']) {
    await within(
      async (request) => {
        versions.push((await request.delegate('x', 'ADD', stdin === undefined ? {} : { stdin }))?.cniVersion)
      },
      'ADD',
      executor,
    )
  }
  assert.deepEqual(versions, ['1.1.0', '1.0.0', '0.1.0'])
})
