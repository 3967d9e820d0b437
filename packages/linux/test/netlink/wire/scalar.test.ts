import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DecodeError } from '../../../src/netlink/index.ts'
import {
  be16,
  be32,
  be64,
  binary,
  binaryOf,
  boolean8,
  flag,
  named,
  padding,
  s8,
  s32,
  s64,
  string,
  u8,
  u16,
  u32,
  u64,
} from '../../../src/netlink/raw.ts'
import { bytesOf, encodedHex } from '../../bytes.ts'

const integers = [
  ['u8', u8, [0, 0x7f, 0xff], ['00', '7f', 'ff'], [-1, 256, 0.5, Number.NaN]],
  ['u16', u16, [0x0102, 0xffff], ['0201', 'ffff'], [-1, 65536]],
  ['u32', u32, [0x01020304, 0xffffffff], ['04030201', 'ffffffff'], [-1, 2 ** 32, Number.POSITIVE_INFINITY]],
  ['s8', s8, [-128, -1, 127], ['80', 'ff', '7f'], [-129, 128]],
  ['s32', s32, [-(2 ** 31), -2, 2 ** 31 - 1], ['00000080', 'feffffff', 'ffffff7f'], [-(2 ** 31) - 1, 2 ** 31]],
  ['be16', be16, [0x0102, 0xfffe], ['0102', 'fffe'], [-1, 65536]],
  ['be32', be32, [0x01020304, 0xfffefdfc], ['01020304', 'fffefdfc'], [-1, 2 ** 32]],
] as const

test('integers have their byte order and both ends of their range', () => {
  for (const [name, codec, values, hex] of integers) {
    values.forEach((value, index) => {
      assert.equal(encodedHex(codec, value), hex[index], `${name} ${value}`)
      assert.equal(codec.read(bytesOf(hex[index] ?? '')), value, `${name} ${value}`)
    })
  }
})

test('integers refuse what does not fit and what is no integer', () => {
  for (const [name, codec, , , refused] of integers)
    for (const value of refused)
      assert.throws(
        () => encodedHex(codec, value),
        { name: 'RangeError', message: /^Cannot encode .*: not an integer / },
        name,
      )
  assert.throws(() => encodedHex(s8, 128), { message: 'Cannot encode 128: not an integer from -128 to 127' })
})

test('integers refuse payloads of another length', () => {
  for (const [name, codec] of integers)
    for (const length of [0, codec.size - 1, codec.size + 1])
      assert.throws(() => codec.read(new Uint8Array(length)), DecodeError, name)
  assert.throws(() => u32.read(new Uint8Array(3)), { message: 'Cannot decode netlink data: 3 bytes instead of 4' })
})

test('64-bit integers are bigints', () => {
  const rows = [
    [u64, 0x0102030405060708n, '08070605 04030201'],
    [be64, 0x0102030405060708n, '01020304 05060708'],
    [be64, 0xffffffffffffffffn, 'ffffffff ffffffff'],
    [u64, 0xffffffffffffffffn, 'ffffffff ffffffff'],
    [s64, -2n, 'feffffff ffffffff'],
    [s64, 0x7fffffffffffffffn, 'ffffffff ffffff7f'],
  ] as const
  for (const [codec, value, hex] of rows) {
    assert.equal(encodedHex(codec, value), hex)
    assert.equal(codec.read(bytesOf(hex)), value)
  }
  for (const value of [-1n, 1n << 64n])
    for (const codec of [u64, be64]) assert.throws(() => encodedHex(codec, value), RangeError)
  for (const value of [-(1n << 63n) - 1n, 1n << 63n]) assert.throws(() => encodedHex(s64, value), RangeError)
  for (const codec of [u64, be64]) assert.throws(() => codec.read(new Uint8Array(7)), DecodeError)
})

test('boolean8 is one byte, and anything but 0 is true', () => {
  assert.equal(encodedHex(boolean8, true), '01')
  assert.equal(encodedHex(boolean8, false), '00')
  assert.deepEqual(
    [0, 1, 2, 255].map((byte) => boolean8.read(Uint8Array.of(byte))),
    [false, true, true, true],
  )
  assert.throws(() => boolean8.read(new Uint8Array(2)), DecodeError)
})

test('flag has no payload, padding no meaning', () => {
  assert.equal(encodedHex(flag, true), '')
  assert.equal(flag.read(new Uint8Array()), true)
  assert.equal(encodedHex(padding(3), undefined), '000000')
  assert.equal(padding(3).read(Uint8Array.of(1, 2, 3)), undefined)
})

test('binary keeps bytes, binaryOf() also their number', () => {
  const bytes = Uint8Array.of(1, 2, 3)
  assert.equal(encodedHex(binary, bytes), '010203')
  assert.deepEqual(binary.read(bytes), bytes)
  assert.equal(encodedHex(binaryOf(3), bytes), '010203')
  assert.deepEqual(binaryOf(3).read(bytes), bytes)
  assert.throws(() => encodedHex(binaryOf(4), bytes), {
    name: 'RangeError',
    message: 'Cannot encode 3 bytes: the field has 4',
  })
  assert.throws(() => binaryOf(2).read(bytes), DecodeError)
})

test('string ends with a NUL, which need not be there when read', () => {
  assert.equal(encodedHex(string, 'eth0'), '65746830 00')
  assert.equal(encodedHex(string, 'ü'), 'c3bc00')
  assert.equal(encodedHex(string, ''), '00')
  assert.equal(string.read(bytesOf('65746830 00')), 'eth0')
  assert.equal(string.read(bytesOf('65746830')), 'eth0')
  assert.equal(string.read(bytesOf('65740030 00')), 'et')
  assert.equal(string.read(new Uint8Array()), '')
})

test('string keeps a byte order mark', () => {
  assert.equal(string.read(bytesOf(encodedHex(string, '\ufeffa'))), '\ufeffa')
})

test('string refuses a NUL, which would name something else to the kernel', () => {
  assert.throws(() => encodedHex(string, 'eth0\0x'), {
    name: 'RangeError',
    message: 'Cannot encode "eth0\\u0000x": text with a NUL in it',
  })
})

test('named() gives numbers their names and keeps those without', () => {
  const mode = named(u16, { bridge: 4, passthru: 8 })
  assert.equal(encodedHex(mode, 'passthru'), '0800')
  assert.equal(encodedHex(mode, 77), '4d00')
  assert.equal(mode.read(bytesOf('0400')), 'bridge')
  assert.equal(mode.read(bytesOf('0500')), 5)
  // @ts-expect-error no such name
  assert.throws(() => encodedHex(mode, 'brige'), {
    name: 'RangeError',
    message: 'Cannot encode "brige": not a known name',
  })
})
