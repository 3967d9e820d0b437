import assert from 'node:assert/strict'
import { test } from 'node:test'
import { loadPtpConfig } from '../../../src/main/ptp/config.ts'
import { ptpPlugin } from '../../../src/main/ptp/descriptor.ts'
import { ptp } from '../../../src/main/ptp/index.ts'
import { fakeRequest } from '../../fake-request.ts'

test('loadPtpConfig() knows the defaults, and reads no CNI_ARGS', () => {
  const { mtu, ipMasq, deterministicMac, ipamType } = loadPtpConfig(fakeRequest({}, { args: 'FOO=1' }))
  assert.deepEqual([mtu, ipMasq, deterministicMac, ipamType], [0, false, true, ''])
  assert.equal(loadPtpConfig(fakeRequest({ deterministicMac: false })).deterministicMac, false)
})

test('loadPtpConfig() says what is wrong with a type', () => {
  assert.throws(() => loadPtpConfig(fakeRequest({ ipMasq: 'yes' })), {
    message: 'failed to load netconf: json: cannot unmarshal string into Go struct field NetConf.ipMasq of type bool',
  })
})

test('ptp STATUS asks IPAM', async () => {
  const request = fakeRequest({ ipam: { type: 'x' } })
  await ptp.status?.(request)
  assert.deepEqual(request.delegated, ['STATUS x'])
})

test('veth is ptp by its first name', async () => {
  assert.deepEqual(await ptpPlugin.load('veth'), { ...ptp, name: 'veth' })
})
