import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DecodeError } from '../../../src/netlink/index.ts'
import { be16, padding, struct, u8, u32, Writer } from '../../../src/netlink/raw.ts'
import { bytesOf, encodedHex, hexOf } from '../../bytes.ts'

const sample = struct({ family: u8, pad: padding(1), port: be16, index: u32 })

test('struct() lays fields out in order, paddings as zeros', () => {
  assert.equal(sample.size, 8)
  assert.equal(encodedHex(sample, { family: 2, port: 0x1234, index: 5 }), '02001234 05000000')
  assert.deepEqual(sample.read(bytesOf('02ff1234 05000000')), { family: 2, port: 0x1234, index: 5 })
})

test('struct() writes zeros for fields that are left out', () => {
  const w = new Writer(1)
  sample.write(w, { index: 5 })
  assert.equal(hexOf(w.finish()), '00000000 05000000')
})

test('struct() reads what a newer kernel made longer, and refuses what is shorter', () => {
  assert.equal(sample.read(bytesOf('02001234 05000000 ffff')).index, 5)
  assert.throws(() => sample.read(bytesOf('02001234 050000')), {
    name: 'DecodeError',
    message: 'Cannot decode netlink data: 7 bytes, at least 8 expected',
  })
})

test('struct() names the field that is wrong', () => {
  const odd = struct({
    first: u8,
    second: {
      ...u8,
      read: () => {
        throw new DecodeError('', 'never right')
      },
    },
  })
  assert.throws(() => odd.read(new Uint8Array(2)), { path: 'second', message: 'Cannot decode "second": never right' })
})

test('struct() refuses wrong fields and wrong types of value', () => {
  // @ts-expect-error there is no such field
  assert.equal(encodedHex(sample, { famly: 2 }), '00000000 00000000')
  // @ts-expect-error a field of numbers
  assert.throws(() => encodedHex(sample, { family: 'inet', port: 1, index: 1 }), RangeError)
  // @ts-expect-error padding is no field
  const { pad } = sample.read(new Uint8Array(8))
  assert.equal(pad, undefined)
})
