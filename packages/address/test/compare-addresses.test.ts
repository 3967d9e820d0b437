import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compareAddresses, parseIP } from '../src/index.ts'

test('compareAddresses() sorts IPv4 before IPv6 and by number, not by text', () => {
  const sorted = ['0.0.0.0', '9.0.0.1', '10.0.0.1', '127.0.0.1', '192.168.0.1', '255.255.255.255']
  sorted.push('::', '::2', '::10', '9::', '10::', 'fe80::1')
  const shuffled = [7, 2, 11, 0, 9, 4, 6, 1, 10, 3, 8, 5].map((index) => parseIP(sorted[index] ?? ''))
  assert.deepEqual(shuffled.sort(compareAddresses).map(String), sorted)
})
