import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  attr,
  attributes,
  flatMessage,
  HEADER_BYTES,
  message,
  messageHeader,
  messagesOf,
  string,
  struct,
  u8,
  u16,
  u32,
  Writer,
  writeMessage,
} from '../../../src/netlink/raw.ts'
import { bytesOf, encodedHex, hexOf } from '../../bytes.ts'

const header = struct({ family: u8, flags: u16 })
const table = attributes('X', { mtu: attr(4, u32), name: attr(3, string) })

test('writeMessage() patches the length in and pads the next message to four bytes', () => {
  const w = new Writer(1)
  writeMessage(w, { type: 16, flags: 5, sequence: 7 }, () => w.bytes(Uint8Array.of(1, 2, 3)))
  writeMessage(w, { type: 17, flags: 0, sequence: 8 }, () => {})
  assert.equal(hexOf(w.finish()), '13000000 10000500 07000000 00000000 01020300 10000000 11000000 08000000 00000000')
})

test('messagesOf() gives every message of a datagram', () => {
  const datagram = bytesOf('13000000 10000500 07000000 39300000 01020300 10000000 11000002 ffffffff 00000000')
  assert.deepEqual(
    [...messagesOf(datagram)],
    [
      { type: 16, flags: 5, sequence: 7, portId: 12345, body: Uint8Array.of(1, 2, 3) },
      { type: 17, flags: 0x200, sequence: 0xffffffff, portId: 0, body: new Uint8Array() },
    ],
  )
  assert.deepEqual([...messagesOf(new Uint8Array())], [])
  assert.equal(HEADER_BYTES, 16)
  assert.equal(messageHeader.size, 16)
})

test('messagesOf() refuses lengths that do not fit', () => {
  for (const length of ['00000000', '0f000000', '11000000', 'ffffffff'])
    assert.throws(() => [...messagesOf(bytesOf(`${length} 10000500 07000000 00000000`))], {
      name: 'DecodeError',
      message: /message of \d+ bytes at offset 0 of 16$/,
    })
})

test('message() aligns attributes behind its header', () => {
  const codec = message(header, table)
  const value = { header: { family: 2, flags: 0x0102 }, attributes: { mtu: 1400 } }
  const hex = '02020100 08000400 78050000'
  assert.equal(encodedHex(codec, value), hex)
  assert.deepEqual(codec.read(bytesOf(hex)), value)
  assert.equal(encodedHex(codec, {}), '00000000')
  assert.deepEqual(codec.read(bytesOf('020201')), { header: value.header, attributes: {} })
  assert.throws(() => codec.read(bytesOf('0202')), { name: 'DecodeError' })
})

test('flatMessage() has header and attributes side by side', () => {
  const codec = flatMessage(header, table)
  const value = { family: 2, flags: 0x0102, mtu: 1400, name: 'a' }
  const hex = '02020100 08000400 78050000 06000300 61000000'
  assert.equal(encodedHex(codec, value), hex)
  assert.deepEqual(codec.read(bytesOf(hex)), value)
  // @ts-expect-error neither a field nor an attribute
  assert.equal(encodedHex(codec, { famly: 2 }), '00000000')
})

test('message().locate() knows no names inside the header', () => {
  const codec = message(header, table)
  const bytes = bytesOf('02020100 08000400 78050000')
  assert.deepEqual(codec.locate(bytes, 0), [])
  assert.deepEqual(codec.locate(bytes, 4), ['mtu'])
  assert.deepEqual(flatMessage(header, table).locate(bytes, 4), ['mtu'])
})
