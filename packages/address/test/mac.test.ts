import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MAC } from '../src/index.ts'
import { parseMACRows } from './fixtures/go-net.ts'
import { forAll } from './seeded-random.ts'

test('MAC.parse() accepts, refuses and prints as the reference does', () => {
  for (const [text, printed] of parseMACRows) {
    if (printed === undefined) {
      assert.throws(() => MAC.parse(text), { name: 'SyntaxError', message: `address ${text}: invalid MAC address` })
    } else {
      assert.equal(MAC.parse(text).toString(), printed, text)
    }
  }
})

test('MAC.parse() refuses empty text', () => {
  assert.throws(() => MAC.parse(''), { name: 'SyntaxError', message: 'invalid MAC address' })
})

test('MAC reads every spelling of random bytes', () => {
  forAll((random) => {
    const bytes = Buffer.from(Array.from({ length: random.pick([6, 8, 20]) }, () => random.below(256)))
    const digits = random.chance(50) ? bytes.toString('hex') : bytes.toString('hex').toUpperCase()
    const pairs = digits.match(/../g) ?? []
    const quads = digits.match(/..../g) ?? []
    const mac = MAC.fromBytes(bytes)
    assert.equal(mac.toString(), pairs.join(':').toLowerCase())
    assert.deepEqual(Buffer.from(mac.bytes), bytes)
    for (const text of [pairs.join(':'), pairs.join('-'), quads.join('.'), digits])
      assert.deepEqual(MAC.parse(text), mac)
  }, 1000)
})

test('MAC.fromBytes() refuses other lengths', () => {
  for (const length of [0, 5, 7, 16, 21]) {
    const message = `Cannot make a MAC address of ${length} bytes: not 6, 8 or 20`
    assert.throws(() => MAC.fromBytes(new Uint8Array(length)), { name: 'RangeError', message })
  }
})

test('MAC cannot be changed', () => {
  const bytes = Uint8Array.of(2, 0, 0, 0, 0, 1)
  const mac = MAC.fromBytes(bytes)
  bytes.fill(0xff)
  mac.bytes.fill(0xff)
  // @ts-expect-error the field is read-only
  assert.throws(() => (mac.octets = []), TypeError)
  // @ts-expect-error the numbers are read-only
  assert.throws(() => (mac.octets[0] = 0), TypeError)
  assert.equal(mac.toString(), '02:00:00:00:00:01')
})

test('MAC.equals() minds every byte and the length', () => {
  const mac = MAC.parse('02:00:00:00:00:01')
  assert.equal(mac.equals(MAC.parse('0200.0000.0001')), true)
  assert.equal(mac.equals(MAC.parse('02:00:00:00:00:02')), false)
  assert.equal(mac.equals(MAC.parse('02:00:00:00:00:01:00:00')), false)
  assert.equal(MAC.parse('02:00:00:00:00:01:00:00').equals(mac), false)
})

test('MAC tells group, local and zero addresses', () => {
  const rows = [
    ['00:00:5e:00:53:01', { isMulticast: false, isLocal: false, isZero: false }],
    ['01:00:5e:00:00:fb', { isMulticast: true, isLocal: false, isZero: false }],
    ['02:00:00:00:00:01', { isMulticast: false, isLocal: true, isZero: false }],
    ['33:33:00:00:00:01', { isMulticast: true, isLocal: true, isZero: false }],
    ['ff:ff:ff:ff:ff:ff', { isMulticast: true, isLocal: true, isZero: false }],
    ['00:00:00:00:00:01', { isMulticast: false, isLocal: false, isZero: false }],
    ['00:00:00:00:00:00', { isMulticast: false, isLocal: false, isZero: true }],
  ] as const
  for (const [text, expected] of rows) {
    const { isMulticast, isLocal, isZero } = MAC.parse(text)
    assert.deepEqual({ isMulticast, isLocal, isZero }, expected, text)
  }
})

test('MAC has its text as JSON', () => {
  assert.equal(JSON.stringify({ mac: MAC.parse('AA-BB-CC-DD-EE-FF') }), '{"mac":"aa:bb:cc:dd:ee:ff"}')
})
