import assert from 'node:assert/strict'
import { test } from 'node:test'
import { align, NLA_F_NESTED, Writer } from '../../../src/netlink/raw.ts'
import { hexOf } from '../../bytes.ts'

function everything(capacity: number): string {
  const w = new Writer(capacity)
  w.u8(0x01)
  w.u16(0x0203)
  w.u32(0x04050607)
  w.u64(0x08090a0b0c0d0e0fn)
  w.bytes(Uint8Array.of(0x10, 0x11))
  w.zeros(3)
  w.attribute(5, () => w.u8(0x12))
  w.patchU32(3, 0x13141516)
  return hexOf(w.finish())
}

test('Writer writes in host byte order, and zeros where nothing was said', () => {
  assert.equal(everything(512), '01030216 1514130f 0e0d0c0b 0a090810 11000000 05000500 12000000')
})

test('Writer writes the same whatever its buffer held at first', () => {
  for (let capacity = 0; capacity <= 40; capacity++) assert.equal(everything(capacity), everything(512), `${capacity}`)
})

test('Writer.attribute() counts the header, leaves padding out of the length, and nests', () => {
  const w = new Writer()
  w.attribute(1 | NLA_F_NESTED, () => {
    w.attribute(2, () => w.bytes(Uint8Array.of(1, 2, 3, 4, 5)))
    w.attribute(3, () => {})
  })
  assert.equal(hexOf(w.finish()), '14000180 09000200 01020304 05000000 04000300')
})

test('Writer.attribute() refuses a payload that its length field cannot hold', () => {
  const w = new Writer()
  w.attribute(1, () => w.zeros(0xffff - 4))
  assert.throws(() => w.attribute(7 | NLA_F_NESTED, () => w.zeros(0xffff - 3)), {
    name: 'RangeError',
    message: 'Cannot encode attribute 7: 65536 bytes exceed 65535',
  })
})

test('align() goes to the next multiple of four', () => {
  assert.deepEqual([0, 1, 3, 4, 5, 65535].map(align), [0, 4, 4, 4, 8, 65536])
})

test('Writer.length counts what was written and what was padded', () => {
  const w = new Writer()
  assert.equal(w.length, 0)
  w.u8(1)
  assert.equal(w.length, 1)
  w.pad()
  assert.equal(w.length, 4)
  w.pad()
  assert.equal(w.length, 4)
})
