import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inspect } from 'node:util'
import { CIDR, compareAddresses, IPv4, IPv6, MAC, parseIP } from '../src/index.ts'

test('inspect() shows class and text', () => {
  const values = [
    IPv4.parse('10.0.0.1'),
    IPv6.parse('FE80::1'),
    CIDR.parse('10.0.0.5/24'),
    MAC.parse('02-00-00-00-00-01'),
  ]
  assert.deepEqual(
    values.map((value) => inspect({ value })),
    [
      '{ value: IPv4(10.0.0.1) }',
      '{ value: IPv6(fe80::1) }',
      '{ value: CIDR(10.0.0.5/24) }',
      '{ value: MAC(02:00:00:00:00:01) }',
    ],
  )
})

test('assert.deepEqual() tells different values apart', () => {
  assert.notDeepEqual(IPv4.parse('10.0.0.1'), IPv4.parse('10.0.0.2'))
  assert.notDeepEqual(IPv6.parse('fe80::1'), IPv6.parse('fe80::2'))
  assert.notDeepEqual(CIDR.parse('10.0.0.1/24'), CIDR.parse('10.0.0.1/25'))
  assert.notDeepEqual(CIDR.parse('10.0.0.1/24'), CIDR.parse('10.0.0.2/24'))
  assert.notDeepEqual(MAC.parse('02:00:00:00:00:01'), MAC.parse('02:00:00:00:00:02'))
})

test('compareAddresses() sorts IPv4 before IPv6 and by number, not by text', () => {
  const sorted = ['0.0.0.0', '9.0.0.1', '10.0.0.1', '127.0.0.1', '192.168.0.1', '255.255.255.255']
  sorted.push('::', '::2', '::10', '9::', '10::', 'fe80::1')
  const shuffled = [7, 2, 11, 0, 9, 4, 6, 1, 10, 3, 8, 5].map((index) => parseIP(sorted[index] ?? ''))
  assert.deepEqual(shuffled.sort(compareAddresses).map(String), sorted)
})
