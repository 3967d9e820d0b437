import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  arrayItem,
  attr,
  attributes,
  kindOf,
  nestedAt,
  partialAttributes,
  s32,
  string,
  u16,
  u32,
  variant,
} from '../../../src/netlink/raw.ts'
import { bytesOf, encodedHex } from '../../bytes.ts'

const partial = partialAttributes('OUT', { mtu: attr(4, u32), name: attr(2, string) })

test('partialAttributes() reads what it has, and passes over the rest without keeping it', () => {
  const hex = '0c000980 05000100 03000000 08000400 78050000 05004d00 01000000 07000200 61620000'
  assert.deepEqual(partial.read(bytesOf(hex)), { mtu: 1400, name: 'ab' })
  assert.deepEqual(partial.read(bytesOf('04004e00')), {})
})

test('partialAttributes() refuses what is wrong with the attributes it has, and lengths that do not fit anywhere', () => {
  assert.throws(() => partial.read(bytesOf('06000400 78050000')), { path: 'mtu', reason: '2 bytes instead of 4' })
  assert.throws(() => partial.read(bytesOf('08000400 78050000 09000900 01000000')), {
    path: '',
    reason: 'attribute of 9 bytes at offset 8 of 16',
  })
})

test('partialAttributes() writes what it reads', () => {
  assert.equal(encodedHex(partial, { mtu: 1400, name: 'ab' }), '08000400 78050000 07000200 61620000')
})

test('partialAttributes() reads in place what stands among other bytes', () => {
  const bytes = bytesOf('ffffffff 08000400 78050000 07000200 61620000 ffff')
  assert.deepEqual(partial.readAt(bytes, 4, 20), { mtu: 1400, name: 'ab' })
  assert.throws(() => partial.readAt(bytes, 4, 18), { reason: 'attribute of 7 bytes at offset 8 of 14' })
})

const kinds = { pair: attributes('PAIR', { id: attr(1, u16) }) }
const whole = attributes('INFO', { link: variant(1, 2, kinds) })
const kindOnly = partialAttributes('INFO', { link: kindOf(1, kinds) })

test('kindOf() names kinds as variant() does, and leaves their data', () => {
  const rows = [
    ['09000100 70616972 00000000 0c000280 06000100 05000000', { kind: 'pair' }],
    ['07000100 61620000 08000200 01020304', { kind: 'other', name: 'ab' }],
    ['0d000100 746f5374 72696e67 00000000', { kind: 'other', name: 'toString' }],
  ] as const
  for (const [hex, link] of rows) {
    assert.deepEqual(kindOnly.read(bytesOf(hex)), { link })
    const { kind, ...more } = whole.read(bytesOf(hex)).link ?? assert.fail()
    assert.deepEqual({ kind, ...('name' in more && { name: more.name }) }, link)
  }
  assert.deepEqual(kindOnly.read(bytesOf('08000200 01020304')), {})
  assert.equal(encodedHex(kindOnly, { link: { kind: 'pair' } }), '09000100 70616972 00000000')
})

const deep = nestedAt(10, nestedAt(2, arrayItem(3, s32)))

test('nestedAt() and arrayItem() find one number deep inside, and nothing where the attribute is missing', () => {
  const conf = '14000200 01000000 02000000 03000000 ffffffff'
  assert.equal(deep.read(bytesOf(`08000200 01000000 18000a00 ${conf}`)), -1)
  for (const hex of ['', '08000200 01000000', '04000a00', '14000a00 10000200 01000000 02000000 03000000'])
    assert.equal(deep.read(bytesOf(hex)), undefined, hex)
  assert.equal(encodedHex(deep, -1), '18000a80 14000200 00000000 00000000 00000000 ffffffff')
  assert.equal(encodedHex(deep, undefined), '')
})

test('nestedAt() takes the last of several, as the kernel does', () => {
  assert.equal(nestedAt(1, u32).read(bytesOf('08000100 01000000 08000100 02000000')), 2)
})
