import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  delegateAdd,
  delegateCheck,
  delegateDel,
  delegateGC,
  delegateStatus,
  type Executor,
  execWithResult,
  type PluginCall,
} from '../../src/exec/index.ts'

/** An executor that records its calls and prints the same for each. */
function recording(stdout: string) {
  const finds: [type: string, path: readonly string[]][] = []
  const calls: ({ path: string } & PluginCall)[] = []
  const executor: Executor = {
    async find(type, path) {
      finds.push([type, path])
      return `/found/${type}`
    },
    async run(path, call) {
      calls.push({ path, ...call })
      return stdout
    },
  }
  return { executor, finds, calls }
}

const env = { CNI_COMMAND: 'ADD', CNI_PATH: '/a:/b', CNI_IFNAME: 'eth0', CNI_NETNS_OVERRIDE: '1', HOME: '/root' }

test('delegateAdd() inherits everything but the command, and looks in CNI_PATH', async () => {
  const { executor, finds, calls } = recording('{"cniVersion":"1.0.0","ips":[{"address":"10.0.0.5/24"}]}')
  const stdin = '{"cniVersion":"1.0.0","ipam":{"type":"host-local"}}'
  const result = await delegateAdd('host-local', stdin, { executor, env: { ...env, CNI_COMMAND: 'CHECK' } })
  assert.equal(result.ips?.[0]?.address.toString(), '10.0.0.5/24')
  assert.deepEqual(finds, [['host-local', ['/a', '/b']]])
  assert.deepEqual(calls, [{ path: '/found/host-local', stdin, env }])
})

test('delegateAdd() reads no version from the configuration when it is told one', async () => {
  const { executor } = recording('{"ips":[{"address":"10.0.0.5/24"}]}')
  const result = await delegateAdd('x', 'not read here', { executor, env, cniVersion: '1.0.0' })
  assert.equal(result.cniVersion, '1.0.0')
  await assert.rejects(
    delegateAdd('x', 'read here', { executor, env }),
    /^JsonError: decoding version from network config: /,
  )
})

test('delegateAdd() leaves out what says nothing', async () => {
  const printed = {
    interfaces: [{ name: 'eth0', mtu: 0 }],
    ips: [],
    routes: [{ dst: '10.0.0.0/8', mtu: 0, scope: 0 }],
    dns: { search: [] },
  }
  for (const cniVersion of ['0.4.0', '1.0.0']) {
    const { executor } = recording(JSON.stringify({ cniVersion, ...printed }))
    const { routes = [], ...result } = await delegateAdd('x', '{}', { executor, env })
    assert.deepEqual(result, {
      cniVersion,
      interfaces: [{ name: 'eth0' }],
      ...(cniVersion === '0.4.0' ? { ips: [] } : {}),
      dns: {},
    })
    assert.deepEqual(Object.keys(routes[0] ?? {}).sort(), ['dst', 'scope'])
  }
})

test('delegateDel() takes its parameters as a struct, and looks in their path', async () => {
  const { executor, finds, calls } = recording('')
  await delegateDel('x', '{}', { executor, env, args: { containerId: 'c', ifName: 'eth1', path: ['/c'] } })
  assert.deepEqual(finds, [['x', ['/c']]])
  assert.deepEqual(calls[0]?.env, {
    ...env,
    CNI_COMMAND: 'DEL',
    CNI_CONTAINERID: 'c',
    CNI_NETNS: '',
    CNI_ARGS: '',
    CNI_IFNAME: 'eth1',
    CNI_PATH: '/c',
  })
})

test('delegateCheck(), delegateGC() and delegateStatus() pass their command on and ignore the output', async () => {
  const { executor, calls } = recording('not json')
  for (const delegate of [delegateCheck, delegateGC, delegateStatus]) await delegate('x', '{}', { executor, env })
  assert.deepEqual(
    calls.map((call) => call.env['CNI_COMMAND']),
    ['CHECK', 'GC', 'STATUS'],
  )
})

test('delegateAdd() looks nowhere without CNI_PATH', async () => {
  const { executor, finds } = recording('{}')
  await delegateAdd('x', '{}', { executor, env: {} })
  assert.deepEqual(finds, [['x', []]])
})

test('execWithResult() stamps a result that has no version with that of the configuration', async () => {
  const print = (stdout: string, stdin: string) =>
    execWithResult('/x', recording(stdout).executor, { stdin, args: 'inherit', env })
  assert.deepEqual(await print('{"ips":[]}', '{"cniVersion":"1.0.0"}'), { cniVersion: '1.0.0' })
  assert.deepEqual(await print('null', '{}'), { cniVersion: '0.1.0', dns: {} })
  assert.deepEqual(await print('{"cniVersion":""}', '{"cniVersion":"0.4.0"}'), { cniVersion: '0.4.0', dns: {} })
  assert.deepEqual(await print('{"cniVersion":"0.3.1"}', '{"cniVersion":"1.0.0"}'), { cniVersion: '0.3.1', dns: {} })
})

test('execWithResult() rejects what is no result', async () => {
  const print = (stdout: string, stdin = '{}') =>
    execWithResult('/x', recording(stdout).executor, { stdin, args: 'inherit', env })
  await assert.rejects(print('[]'), {
    message: /^failed to unmarshal raw result: json: cannot unmarshal array into Go /,
  })
  await assert.rejects(print(''), { message: /^failed to unmarshal raw result: unexpected end of JSON input/ })
  await assert.rejects(print('{"cniVersion":"9"}'), { message: 'unsupported CNI result version "9"' })
  await assert.rejects(print('{}', '{"cniVersion":1}'), { message: /^decoding version from network config: json: / })
  await assert.rejects(print('{}', '{'), { message: /^decoding version from network config: unexpected end / })
  await assert.rejects(print('{"cniVersion":"1.0.0","ips":[{"address":"x"}]}'), {
    message: 'invalid CIDR address: x',
  })
})
