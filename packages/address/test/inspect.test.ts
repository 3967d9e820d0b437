import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inspect } from 'node:util'
import { CIDR, IPv4, IPv6, MAC } from '../src/index.ts'

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
