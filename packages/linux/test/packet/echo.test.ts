import assert from 'node:assert/strict'
import { test } from 'node:test'
import { writeEchoRequest } from '@patchbay/linux/packet'
import { internetChecksum } from '../../src/packet/icmp/internet-checksum.ts'

test('internetChecksum() computes the example of RFC 1071 section 3', () => {
  const bytes = Uint8Array.of(0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7)
  assert.equal(internetChecksum(bytes), ~0xddf2 & 0xffff)
  assert.equal(internetChecksum(Uint8Array.of(...bytes, 0x22, 0x0d)), 0)
})

test('internetChecksum() fills an odd byte up with zeros', () => {
  assert.equal(
    internetChecksum(Uint8Array.of(0x12, 0x34, 0x56)),
    internetChecksum(Uint8Array.of(0x12, 0x34, 0x56, 0x00)),
  )
  assert.equal(internetChecksum(new Uint8Array()), 0xffff)
})

test('internetChecksum() loses no carry of a long message', () => {
  assert.equal(internetChecksum(new Uint8Array(65_535).fill(0xff)), 0x00ff)
})

test('writeEchoRequest() writes what the ping of Windows sends', () => {
  const data = new TextEncoder().encode('abcdefghijklmnopqrstuvwabcdefghi')
  const bytes = writeEchoRequest(4, { identifier: 1, sequence: 1, data })
  assert.equal(Buffer.from(bytes.subarray(0, 8)).toString('hex'), '08004d5a00010001')
  assert.deepEqual(bytes.subarray(8), data)
})

test('writeEchoRequest() leaves the checksum of ICMPv6 to the kernel', () => {
  const bytes = writeEchoRequest(6, { identifier: 0xabcd, sequence: 0x0102, data: Uint8Array.of(1, 2, 3) })
  assert.equal(Buffer.from(bytes).toString('hex'), '80000000abcd0102010203')
})
