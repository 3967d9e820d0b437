import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decodeVersionInfo, type Executor, getVersionInfo, type PluginCall } from '../../src/exec/index.ts'
import { CniError } from '../../src/types/index.ts'

/** An executor whose plugin answers like this. */
function answering(answer: string | Error, calls: PluginCall[] = []): Executor {
  return {
    find: async (type) => `/bin/${type}`,
    async run(_path, call) {
      calls.push(call)
      if (answer instanceof Error) throw answer
      return answer
    },
  }
}

test('getVersionInfo() asks with the dummies that old plugins want', async () => {
  const calls: PluginCall[] = []
  const executor = answering('{"cniVersion":"1.1.0","supportedVersions":["0.4.0","1.1.0"]}\n', calls)
  const trace = { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' }
  assert.deepEqual(await getVersionInfo('/bin/x', executor, { env: { A: 'b', CNI_ARGS: 'old' }, trace }), {
    cniVersion: '1.1.0',
    supportedVersions: ['0.4.0', '1.1.0'],
  })
  const env = {
    A: 'b',
    CNI_COMMAND: 'VERSION',
    CNI_CONTAINERID: '',
    CNI_NETNS: 'dummy',
    CNI_ARGS: '',
    CNI_IFNAME: 'dummy',
    CNI_PATH: 'dummy',
    TRACEPARENT: trace.traceparent,
  }
  assert.deepEqual(calls, [{ stdin: '{"cniVersion":"1.1.0"}', env }])
})

test('getVersionInfo() takes a plugin that does not know VERSION for one of 0.1.0', async () => {
  const unknown = new CniError('unknown', 'unknown CNI_COMMAND: VERSION')
  assert.deepEqual(await getVersionInfo('/bin/x', answering(unknown)), {
    cniVersion: '0.1.0',
    supportedVersions: ['0.1.0'],
  })
  const other = new CniError('unknown', 'unknown CNI_COMMAND: VERSION', { details: 'really' })
  await assert.rejects(getVersionInfo('/bin/x', answering(other)), (error) => error === other)
})

test('decodeVersionInfo() knows what 0.2.0 supports without being told', () => {
  const supportedVersions = ['0.1.0', '0.2.0']
  assert.deepEqual(decodeVersionInfo('{"cniVersion":"0.2.0"}'), { cniVersion: '0.2.0', supportedVersions })
  assert.deepEqual(decodeVersionInfo('{"CNIVERSION":"0.2.0","supportedVersions":[]}'), {
    cniVersion: '0.2.0',
    supportedVersions,
  })
})

test('decodeVersionInfo() throws JsonError in the words of the reference', () => {
  const refusals = {
    '{}': 'missing field cniVersion',
    null: 'missing field cniVersion',
    '{"cniVersion":"0.3.0"}': 'missing field supportedVersions',
    '': 'unexpected end of JSON input',
    '{"cniVersion":1}': 'json: cannot unmarshal number into Go struct field pluginInfo.cniVersion of type string',
    '[]': 'json: cannot unmarshal array into Go value of type version.pluginInfo',
  }
  for (const [text, reason] of Object.entries(refusals)) {
    assert.throws(() => decodeVersionInfo(text), { name: 'JsonError', message: `decoding version info: ${reason}` })
  }
})
