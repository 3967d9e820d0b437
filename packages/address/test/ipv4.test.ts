import assert from 'node:assert/strict'
import { test } from 'node:test'
import { IPv4, IPv6 } from '../src/index.ts'
import { properties } from './fixtures/python-ipaddress.ts'
import { randomIPv4 } from './random-address.ts'
import { forAll } from './seeded-random.ts'

const first = IPv4.parse('0.0.0.0')
const last = IPv4.parse('255.255.255.255')

test('IPv4.parse() takes dotted quads only', () => {
  assert.equal(IPv4.parse('192.168.0.1').value, 0xc0a80001)
  for (const text of ['', '1.2.3', '01.2.3.4', '::ffff:1.2.3.4', '::1']) {
    assert.throws(() => IPv4.parse(text), { name: 'SyntaxError', message: `invalid IPv4 address: ${text}` })
  }
})

test('IPv4 gives the same address as text, bytes, number and bigint', () => {
  forAll((random) => {
    const text = randomIPv4(random)
    const bytes = Buffer.from(text.split('.').map(Number))
    const ip = IPv4.parse(text)
    assert.equal(ip.toString(), text)
    assert.deepEqual(Buffer.from(ip.bytes), bytes)
    assert.equal(ip.value, bytes.readUInt32BE())
    assert.equal(ip.toBigInt(), BigInt(bytes.readUInt32BE()))
    assert.deepEqual(IPv4.fromBytes(bytes), ip)
    assert.deepEqual(IPv4.fromNumber(ip.value), ip)
    assert.deepEqual(IPv4.fromBigInt(ip.toBigInt()), ip)
  })
})

test('IPv4.fromNumber() and fromBigInt() refuse what is not 32 bits', () => {
  for (const value of [-1, 2 ** 32, 1.5, Number.NaN, Number.POSITIVE_INFINITY]) {
    assert.throws(() => IPv4.fromNumber(value), RangeError)
  }
  assert.throws(() => IPv4.fromBigInt(-1n), RangeError)
  assert.throws(() => IPv4.fromBigInt(1n << 32n), RangeError)
  assert.throws(() => IPv4.fromBigInt(1n << 200n), RangeError)
})

test('IPv4.fromBytes() refuses other lengths', () => {
  const message = 'Cannot make an IPv4 address of 16 bytes: not 4'
  assert.throws(() => IPv4.fromBytes(new Uint8Array(16)), { name: 'RangeError', message })
})

test('IPv4 cannot be changed', () => {
  const ip = IPv4.parse('10.0.0.1')
  ip.bytes.fill(0)
  // @ts-expect-error the field is read-only
  assert.throws(() => (ip.value = 0), TypeError)
  assert.equal(ip.toString(), '10.0.0.1')
})

test('IPv4 has family 4, 32 bits, and its text as JSON', () => {
  assert.equal(first.family, 4)
  assert.equal(first.bits, 32)
  assert.equal(JSON.stringify({ ip: last }), '{"ip":"255.255.255.255"}')
})

test('IPv4.next() and previous() step by one and end with undefined', () => {
  assert.equal(String(IPv4.parse('10.0.0.255').next()), '10.0.1.0')
  assert.equal(String(IPv4.parse('10.0.1.0').previous()), '10.0.0.255')
  assert.equal(String(IPv4.parse('127.255.255.255').next()), '128.0.0.0')
  assert.equal(last.next(), undefined)
  assert.equal(first.previous(), undefined)
})

test('IPv4.add() adds numbers and bigints of either sign', () => {
  assert.equal(String(IPv4.parse('10.0.0.1').add(255)), '10.0.1.0')
  assert.equal(String(IPv4.parse('10.0.0.1').add(-2n)), '9.255.255.255')
  assert.deepEqual(first.add(0xffffffff), last)
  assert.deepEqual(last.add(-0xffffffffn), first)
})

test('IPv4.add() refuses a sum outside the family and what is not whole', () => {
  const message = 'Cannot add 1 to "255.255.255.255": the sum is not an IPv4 address'
  assert.throws(() => last.add(1), { name: 'RangeError', message })
  for (const count of [-1, -1n, 2 ** 32, 1n << 32n, 1n << 100n, 0.5, Number.NaN]) {
    assert.throws(() => first.add(count), RangeError, String(count))
  }
})

test('IPv4 tells special addresses as Python does', () => {
  for (const { text, ...expected } of properties.filter(({ text }) => !text.includes(':'))) {
    const { isUnspecified, isLoopback, isMulticast, isLinkLocalUnicast } = IPv4.parse(text)
    assert.deepEqual({ isUnspecified, isLoopback, isMulticast, isLinkLocalUnicast }, expected, text)
  }
})

test('IPv4.isGlobalUnicast leaves out special addresses and the limited broadcast only', () => {
  for (const text of ['0.0.0.1', '10.0.0.1', '100.64.0.1', '192.168.0.1', '8.8.8.8', '240.0.0.1', '255.255.255.254']) {
    assert.equal(IPv4.parse(text).isGlobalUnicast, true, text)
  }
  for (const text of ['0.0.0.0', '127.0.0.1', '169.254.1.1', '224.0.0.1', '239.1.1.1', '255.255.255.255']) {
    assert.equal(IPv4.parse(text).isGlobalUnicast, false, text)
  }
})

test('IPv4.equals() and compare() follow the number', () => {
  forAll((random) => {
    const [a, b] = [IPv4.parse(randomIPv4(random)), IPv4.parse(randomIPv4(random))]
    assert.equal(Math.sign(a.compare(b)), Buffer.compare(a.bytes, b.bytes))
    assert.equal(a.equals(b), Buffer.compare(a.bytes, b.bytes) === 0)
    assert.equal(a.equals(IPv4.fromBytes(a.bytes)), true)
  })
})

test('IPv4 never equals an IPv6 address and comes before it', () => {
  const zero = IPv6.parse('::')
  assert.equal(first.equals(zero), false)
  assert.ok(last.compare(zero) < 0)
})

test('IPv4 refuses prefix lengths that the family does not have', () => {
  const ip = IPv4.parse('10.0.0.1')
  for (const prefixLength of [-1, 33, 1.5, Number.NaN]) {
    const message = `Cannot use prefix length ${prefixLength} with "10.0.0.1": not a whole number from 0 to 32`
    assert.throws(() => ip.clearHostBits(prefixLength), { name: 'RangeError', message })
    assert.throws(() => ip.setHostBits(prefixLength), { name: 'RangeError', message })
    assert.throws(() => ip.sharesPrefix(ip, prefixLength), { name: 'RangeError', message })
  }
})
