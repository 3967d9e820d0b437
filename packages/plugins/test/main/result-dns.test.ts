import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { DNS } from '@patchbay/cni/types'
import { resultDns } from '../../src/main/result-dns.ts'

const fromIpam: DNS = { nameservers: ['1.1.1.1'] }

test('resultDns() takes what the configuration says, even an empty list', () => {
  const says: DNS[] = [
    { nameservers: ['9.9.9.9'] },
    { nameservers: [] },
    { search: [] },
    { options: [] },
    { domain: 'a' },
  ]
  for (const configured of says) assert.equal(resultDns(configured, fromIpam), configured)
})

test('resultDns() takes what IPAM says otherwise, and nothing when nobody says anything', () => {
  assert.equal(resultDns(undefined, fromIpam), fromIpam)
  assert.equal(resultDns({}, fromIpam), fromIpam)
  assert.deepEqual([resultDns(undefined, undefined), resultDns({}, undefined)], [{}, {}])
})
