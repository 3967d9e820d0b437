import assert from 'node:assert/strict'
import { test } from 'node:test'
import { attr, attributes, lazy, list, string, u8, u32, type Value, variant } from '../../../src/netlink/raw.ts'
import { bytesOf, encodedHex } from '../../bytes.ts'

const bridge = attributes('BR', { priority: attr(6, u32) })
const info = attributes('INFO', {
  link: variant(1, 2, { bridge, tun: u8 }),
  port: variant(4, 5, { bridge: attributes('PORT', { cost: attr(3, u32) }) }),
})
type Info = Value<typeof info>

test('variant() lays its data out as the kind says', () => {
  const rows: [Info, string][] = [
    [{ link: { kind: 'tun', data: 7 } }, '08000100 74756e00 05000200 07000000'],
    [{ link: { kind: 'bridge', data: { priority: 9 } } }, '0b000100 62726964 67650000 0c000280 08000600 09000000'],
    [{ link: { kind: 'tun' } }, '08000100 74756e00'],
    [{ port: { kind: 'bridge', data: { cost: 4 } } }, '0b000400 62726964 67650000 0c000580 08000300 04000000'],
  ]
  for (const [value, hex] of rows) {
    assert.equal(encodedHex(info, value), hex)
    assert.deepEqual(info.read(bytesOf(hex)), value)
  }
})

test('variant() reads the data before the kind as well', () => {
  assert.deepEqual(info.read(bytesOf('05000200 07000000 08000100 74756e00')), { link: { kind: 'tun', data: 7 } })
})

test('variant() keeps the data of a kind that it does not know', () => {
  const hex = '0a000100 64756d6d 79000000 05000200 aa000000'
  const value = info.read(bytesOf(hex))
  assert.deepEqual(value, { link: { kind: 'other', name: 'dummy', bytes: Uint8Array.of(0xaa) } })
  assert.equal(encodedHex(info, value), hex)
  assert.equal(encodedHex(info, { link: { kind: 'other', name: 'dummy' } }), '0a000100 64756d6d 79000000')
  assert.deepEqual(info.read(bytesOf('0a000100 64756d6d 79000000')), { link: { kind: 'other', name: 'dummy' } })
})

test('variant() is not misled by kinds that are names of every object', () => {
  for (const name of ['constructor', 'toString', '__proto__', 'other']) {
    const link = { kind: 'other', name, bytes: Uint8Array.of(1) } as const
    assert.deepEqual(info.read(bytesOf(encodedHex(info, { link }))), { link })
  }
})

test('variant() keeps data without a kind', () => {
  const value = info.read(bytesOf('05000200 07000000'))
  assert.deepEqual(value, { unknown: new Map([[2, [Uint8Array.of(7)]]]) })
})

test('variant() names the data that is wrong', () => {
  assert.throws(() => info.read(bytesOf('0b000100 62726964 67650000 09000280 05000600 09000000')), {
    path: 'link.data.priority',
  })
})

test('variant() narrows its data by kind, and refuses other kinds and data', () => {
  const { link } = info.read(bytesOf('0b000100 62726964 67650000 0c000280 08000600 09000000'))
  if (link?.kind === 'bridge') assert.equal(link.data?.priority, 9)
  else assert.fail('not a bridge')
  // @ts-expect-error no such kind
  encodedHex(info, { link: { kind: 'brige' } })
  // @ts-expect-error data of another kind
  assert.throws(() => encodedHex(info, { link: { kind: 'tun', data: { priority: 1 } } }), RangeError)
  // @ts-expect-error no such attribute of that kind
  encodedHex(info, { link: { kind: 'bridge', data: { mode: 1 } } })
})

test('variant() locates bytes of the kind and, by kind, of the data', () => {
  const bytes = bytesOf('0b000100 62726964 67650000 0c000280 08000600 09000000')
  assert.deepEqual(info.locate(bytes, 0), ['link', 'kind'])
  assert.deepEqual(info.locate(bytes, 4), ['link', 'kind'])
  assert.deepEqual(info.locate(bytes, 12), ['link', 'data'])
  assert.deepEqual(info.locate(bytes, 16), ['link', 'data', 'priority'])
  const unknown = bytesOf('0a000100 64756d6d 79000000 08000200 aa000000')
  assert.deepEqual(info.locate(unknown, 16), ['link', 'data'])
  assert.deepEqual(info.locate(bytesOf('08000200 aa000000'), 4), ['link', 'data'])
})

test('list() is an array of attributes with one number', () => {
  const names = list(53, string)
  assert.equal(encodedHex(names, ['ab', 'c']), '07003500 61620000 06003500 63000000')
  assert.deepEqual(names.read(bytesOf('07003500 61620000 05000100 01000000 06003500 63000000')), ['ab', 'c'])
  assert.deepEqual(names.read(new Uint8Array()), [])
  assert.throws(() => list(1, u32).read(bytesOf('08000100 01000000 05000100 01000000')), { path: '1' })
})

test('lazy() lets a table refer to itself', () => {
  const policy = attributes('P', {
    id: attr(1, u8),
    rest: attr(
      2,
      lazy(() => policyAgain),
    ),
  })
  const policyAgain = attributes('P', { id: attr(1, u8) })
  const hex = '05000100 01000000 0c000280 05000100 02000000'
  assert.deepEqual(policy.read(bytesOf(hex)), { id: 1, rest: { id: 2 } })
  assert.equal(encodedHex(policy, { id: 1, rest: { id: 2 } }), hex)
  assert.deepEqual(policy.locate(bytesOf(hex), 12), ['rest', 'id'])
})
