import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MAC, parseIP } from '@patchbay/address'
import { DecodeError } from '../../../src/netlink/index.ts'
import { attr, attributes, ip, mac } from '../../../src/netlink/raw.ts'
import { bytesOf, encodedHex } from '../../bytes.ts'

test('ip is four or sixteen bytes in network order', () => {
  const rows = [
    ['10.1.2.3', '0a010203'],
    ['fd00::1', 'fd000000 00000000 00000000 00000001'],
  ] as const
  for (const [text, hex] of rows) {
    assert.equal(encodedHex(ip, parseIP(text)), hex)
    assert.deepEqual(ip.read(bytesOf(hex)), parseIP(text))
  }
  for (const length of [0, 3, 5, 15, 17]) assert.throws(() => ip.read(new Uint8Array(length)), DecodeError)
})

test('ip leaves an IPv4-mapped IPv6 address as it is, among the unknown attributes', () => {
  const codec = attributes('X', { dst: attr(1, ip), gateway: attr(2, ip) })
  const hex = '14000100 00000000 00000000 0000ffff 0a000001 08000200 0a000002'
  const value = codec.read(bytesOf(hex))
  assert.equal(value.dst, undefined)
  assert.deepEqual(value.unknown?.get(1), [bytesOf('00000000 00000000 0000ffff 0a000001')])
  assert.equal(String(value.gateway), '10.0.0.2')
  assert.equal(encodedHex(codec, value), '08000200 0a000002 14000100 00000000 00000000 0000ffff 0a000001')
})

test('mac of six bytes is a MAC, of any other length just bytes', () => {
  assert.deepEqual(mac.read(bytesOf('020000000001')), MAC.parse('02:00:00:00:00:01'))
  assert.deepEqual(mac.read(bytesOf('0a000001')), bytesOf('0a000001'))
  assert.deepEqual(mac.read(new Uint8Array()), new Uint8Array())
  assert.equal(encodedHex(mac, MAC.parse('02:00:00:00:00:01')), '02000000 0001')
  assert.equal(encodedHex(mac, bytesOf('0a000001')), '0a000001')
})
