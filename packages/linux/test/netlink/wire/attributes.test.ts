import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  attr,
  attributes,
  attributesOf,
  each,
  string,
  struct,
  u8,
  u16,
  u32,
  type Value,
} from '../../../src/netlink/raw.ts'
import { bytesOf, encodedHex } from '../../bytes.ts'

const inner = attributes('IN', { mode: attr(1, u8), name: attr(2, string) })
const vlanInfo = struct({ flags: u16, vid: u16 })
const sample = attributes('OUT', { mtu: attr(4, u32), data: attr(9, inner), vlans: each(2, vlanInfo) })
type Sample = Value<typeof sample>

test('attributes() writes headers, padding and NLA_F_NESTED as the kernel wants them', () => {
  const value: Sample = {
    mtu: 1400,
    data: { mode: 3, name: 'abcd' },
    vlans: [
      { flags: 2, vid: 5 },
      { flags: 0, vid: 6 },
    ],
  }
  const hex =
    '08000400 78050000 18000980 05000100 03000000 09000200 61626364 00000000 08000200 02000500 08000200 00000600'
  assert.equal(encodedHex(sample, value), hex)
  assert.deepEqual(sample.read(bytesOf(hex)), value)
})

test('attributes() reads them in any order, with and without the nested flag', () => {
  const hex = '0c000900 05000100 03000000 08000400 78050000'
  assert.deepEqual(sample.read(bytesOf(hex)), { mtu: 1400, data: { mode: 3 } })
})

test('attributes() leaves out what is undefined', () => {
  assert.equal(encodedHex(sample, { mtu: undefined, data: undefined, unknown: undefined }), '')
  assert.equal(encodedHex(sample, {}), '')
  assert.deepEqual(sample.read(new Uint8Array()), {})
})

test('attributes() keeps what it does not know and writes it back', () => {
  const hex = '08000400 78050000 05004d00 01000000 06004d00 02030000 04004e00'
  const value = sample.read(bytesOf(hex))
  assert.deepEqual(value, {
    mtu: 1400,
    unknown: new Map([
      [0x4d, [Uint8Array.of(1), Uint8Array.of(2, 3)]],
      [0x4e, [new Uint8Array()]],
    ]),
  })
  assert.equal(encodedHex(sample, value), hex)
})

test('attributes() takes the last of several, as the kernel does', () => {
  assert.equal(sample.read(bytesOf('08000400 01000000 08000400 02000000')).mtu, 2)
})

test('attributes() names the attribute that is wrong, with its path', () => {
  const wrong = { name: 'DecodeError', path: 'data.mode', message: 'Cannot decode "data.mode": 2 bytes instead of 1' }
  assert.throws(() => sample.read(bytesOf('0c000980 06000100 03030000')), wrong)
  assert.throws(() => sample.read(bytesOf('08000200 02000500 06000200 00000000')), { path: 'vlans.1' })
  assert.throws(() => encodedHex(sample, { data: { mode: 256 } }), {
    name: 'RangeError',
    message: 'Cannot encode 256: not an integer from 0 to 255 (attribute "mode") (attribute "data")',
  })
})

test('attributes() refuses lengths that do not fit', () => {
  for (const hex of ['03000400 78050000', '09000400 78050000', '00000000', 'ffff0400 78050000'])
    assert.throws(
      () => sample.read(bytesOf(hex)),
      { name: 'DecodeError', message: /attribute of \d+ bytes at offset 0/ },
      hex,
    )
  assert.throws(() => sample.read(bytesOf('08000400 78050000 07000400 7805')), {
    message: 'Cannot decode netlink data: attribute of 7 bytes at offset 8 of 14',
  })
})

test('attributes() lets up to three bytes at the end pass as padding, and a last payload go without', () => {
  for (const tail of ['', '00', '0000', '000000'])
    assert.deepEqual(sample.read(bytesOf(`08000400 78050000${tail}`)), { mtu: 1400 }, tail)
  assert.deepEqual(inner.read(bytesOf('05000100 03')), { mode: 3 })
})

test('attributes() accepts only its names and their types of value', () => {
  // @ts-expect-error no such attribute
  assert.equal(encodedHex(sample, { mtuu: 1 }), '')
  // @ts-expect-error a number
  assert.throws(() => encodedHex(sample, { mtu: '1400' }), RangeError)
  // @ts-expect-error no such attribute inside
  assert.equal(encodedHex(sample, { data: { mod: 1 } }), '04000980')
  const { mtu } = sample.read(new Uint8Array())
  // @ts-expect-error may be absent
  assert.throws(() => mtu.toFixed(), TypeError)
})

test('attributesOf() gives numbers without flags, payloads and where they begin', () => {
  assert.deepEqual(
    [...attributesOf(bytesOf('05000180 aa000000 04004240'))],
    [
      { type: 1, payload: Uint8Array.of(0xaa), offset: 0 },
      { type: 0x42, payload: new Uint8Array(), offset: 8 },
    ],
  )
})

test('attributes().locate() names the attribute that holds a byte', () => {
  const bytes = bytesOf('08000400 78050000 0c000980 05000100 03000000 05004d00 01000000')
  const rows = [
    [0, ['mtu']],
    [7, ['mtu']],
    [8, ['data']],
    [11, ['data']],
    [12, ['data', 'mode']],
    [16, ['data', 'mode']],
    [20, ['77']],
    [28, []],
    [1000, []],
  ] as const
  for (const [offset, path] of rows) assert.deepEqual(sample.locate(bytes, offset), path, `${offset}`)
})
