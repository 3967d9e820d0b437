import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hostLocal, hostLocalPtp } from '../../../src/ipam/host-local/index.ts'

test('hostLocalPtp refuses ADD and CHECK with what to use instead, and releases like hostLocal', async () => {
  // The request is not looked at.
  for (const refused of [hostLocalPtp.add, hostLocalPtp.check])
    await assert.rejects(async () => refused?.({} as never), { name: 'CniError', code: 7, msg: /use "host-local"/ })
  assert.equal(hostLocalPtp.del, hostLocal.del)
})
