import assert from 'node:assert/strict'
import { test } from 'node:test'
import { IPv4, IPv6 } from '../src/index.ts'
import { properties } from './fixtures/python-ipaddress.ts'
import { randomGroups } from './random-address.ts'
import { forAll } from './seeded-random.ts'

const first = IPv6.parse('::')
const last = IPv6.parse('ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff')
const beforeMapped = IPv6.parse('::fffe:ffff:ffff')
const afterMapped = IPv6.parse('::1:0:0:0')

test('IPv6.parse() refuses IPv4, IPv4-mapped and zoned text', () => {
  for (const text of ['', '1.2.3.4', '::ffff:1.2.3.4', '::ffff:102:304', 'fe80::1%eth0']) {
    assert.throws(() => IPv6.parse(text), { name: 'SyntaxError', message: `invalid IPv6 address: ${text}` })
  }
})

test('IPv6 gives the same address as groups, bytes and bigint', () => {
  forAll((random) => {
    const groups = randomGroups(random)
    const hex = groups.map((group) => group.toString(16).padStart(4, '0')).join('')
    const ip = IPv6.fromGroups(groups)
    assert.equal(Buffer.from(ip.bytes).toString('hex'), hex)
    assert.equal(ip.toBigInt(), BigInt(`0x${hex}`))
    assert.deepEqual(ip.groups, groups)
    assert.deepEqual(IPv6.fromBytes(Buffer.from(hex, 'hex')), ip)
    assert.deepEqual(IPv6.fromBigInt(BigInt(`0x${hex}`)), ip)
  })
})

test('IPv6.toString() follows RFC 5952 section 4', () => {
  const rows = [
    ['2001:0db8::0001', '2001:db8::1'],
    ['2001:db8:0:0:0:0:2:1', '2001:db8::2:1'],
    ['2001:db8::1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['2001:0:0:1:0:0:0:1', '2001:0:0:1::1'],
    ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['2001:DB8::ABCD', '2001:db8::abcd'],
    ['0:0:0:0:0:0:0:0', '::'],
    ['1:0:0:0:0:0:0:0', '1::'],
    ['64:ff9b::192.0.2.33', '64:ff9b::c000:221'],
  ] as const
  for (const [text, printed] of rows) assert.equal(IPv6.parse(text).toString(), printed)
})

test('IPv6.fromGroups() refuses what is not eight 16-bit numbers', () => {
  const wrong = [[], [1, 2, 3, 4, 5, 6, 7], [0, 0, 0, 0, 0, 0, 0, 0, 0], [0, 0, 0, 0, 0, 0, 0, 65536], new Array(8)]
  for (const groups of [...wrong, [-1, 0, 0, 0, 0, 0, 0, 0], [0.5, 0, 0, 0, 0, 0, 0, 0]]) {
    assert.throws(() => IPv6.fromGroups(groups), RangeError, String(groups))
  }
})

test('IPv6.fromBytes() and fromBigInt() refuse what is not 128 bits', () => {
  const message = 'Cannot make an IPv6 address of 4 bytes: not 16'
  assert.throws(() => IPv6.fromBytes(new Uint8Array(4)), { name: 'RangeError', message })
  assert.throws(() => IPv6.fromBigInt(-1n), RangeError)
  assert.throws(() => IPv6.fromBigInt(1n << 128n), RangeError)
})

test('IPv6 is never IPv4-mapped', () => {
  const message = 'Cannot make an IPv6 address of "::ffff:102:304": it is IPv4-mapped'
  const bytes = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 1, 2, 3, 4)
  assert.throws(() => IPv6.fromBytes(bytes), { name: 'RangeError', message })
  assert.throws(() => IPv6.fromBigInt(0xffff_0102_0304n), { name: 'RangeError', message })
  assert.throws(() => IPv6.fromGroups([0, 0, 0, 0, 0, 0xffff, 0x102, 0x304]), { name: 'RangeError', message })
})

test('IPv6 cannot be changed', () => {
  const groups = [0xfe80, 0, 0, 0, 0, 0, 0, 1]
  const ip = IPv6.fromGroups(groups)
  groups[0] = 0
  ip.bytes.fill(0)
  // @ts-expect-error the field is read-only
  assert.throws(() => (ip.groups = []), TypeError)
  // @ts-expect-error the numbers are read-only
  assert.throws(() => (ip.groups[0] = 0), TypeError)
  assert.equal(ip.toString(), 'fe80::1')
})

test('IPv6 has family 6, 128 bits, and its text as JSON', () => {
  assert.equal(first.family, 6)
  assert.equal(first.bits, 128)
  assert.equal(JSON.stringify({ ip: first }), '{"ip":"::"}')
})

test('IPv6.next() and previous() step by one and end with undefined', () => {
  assert.equal(String(IPv6.parse('fe80::ffff').next()), 'fe80::1:0')
  assert.equal(String(IPv6.parse('fe80::1:0').previous()), 'fe80::ffff')
  assert.equal(String(IPv6.parse('2001:db8:0:0:ffff:ffff:ffff:ffff').next()), '2001:db8:0:1::')
  assert.equal(last.next(), undefined)
  assert.equal(first.previous(), undefined)
})

test('IPv6.next() and previous() step over the IPv4-mapped block', () => {
  assert.deepEqual(beforeMapped.next(), afterMapped)
  assert.deepEqual(afterMapped.previous(), beforeMapped)
})

test('IPv6.add() adds numbers and bigints of either sign', () => {
  assert.equal(String(IPv6.parse('fe80::1').add(0xffff)), 'fe80::1:0')
  assert.equal(String(IPv6.parse('fe80::').add(-1n)), 'fe7f:ffff:ffff:ffff:ffff:ffff:ffff:ffff')
  assert.deepEqual(first.add((1n << 128n) - 1n), last)
})

test('IPv6.add() refuses a sum outside the family, IPv4-mapped sums, and what is not whole', () => {
  const message = 'Cannot add -1 to "::": the sum is not an IPv6 address'
  assert.throws(() => first.add(-1), { name: 'RangeError', message })
  assert.throws(() => last.add(1n), RangeError)
  assert.throws(() => beforeMapped.add(1), RangeError)
  assert.throws(() => afterMapped.add(-1), RangeError)
  for (const count of [0.5, Number.NaN, Number.POSITIVE_INFINITY]) {
    const message = `Cannot add ${count} to "::": the sum is not an IPv6 address`
    assert.throws(() => first.add(count), { name: 'RangeError', message })
  }
  assert.deepEqual(beforeMapped.add((1n << 32n) + 1n), afterMapped)
})

test('IPv6 tells special addresses as Python does', () => {
  for (const { text, ...expected } of properties.filter(({ text }) => text.includes(':'))) {
    const { isUnspecified, isLoopback, isMulticast, isLinkLocalUnicast } = IPv6.parse(text)
    assert.deepEqual({ isUnspecified, isLoopback, isMulticast, isLinkLocalUnicast }, expected, text)
  }
})

test('IPv6.isGlobalUnicast leaves out special addresses only', () => {
  for (const text of ['2001:db8::1', 'fd00::1', 'fec0::1', '::2', '64:ff9b::1']) {
    assert.equal(IPv6.parse(text).isGlobalUnicast, true, text)
  }
  for (const text of ['::', '::1', 'fe80::1', 'ff02::1']) {
    assert.equal(IPv6.parse(text).isGlobalUnicast, false, text)
  }
})

test('IPv6.equals() and compare() follow the bytes', () => {
  forAll((random) => {
    const [a, b] = [IPv6.fromGroups(randomGroups(random)), IPv6.fromGroups(randomGroups(random))]
    assert.equal(Math.sign(a.compare(b)), Buffer.compare(a.bytes, b.bytes))
    assert.equal(a.equals(b), Buffer.compare(a.bytes, b.bytes) === 0)
    assert.equal(a.equals(IPv6.fromBytes(a.bytes)), true)
  })
})

test('IPv6 never equals an IPv4 address and comes after it', () => {
  const zero = IPv4.parse('0.0.0.0')
  assert.equal(first.equals(zero), false)
  assert.ok(first.compare(IPv4.parse('255.255.255.255')) > 0)
})

test('IPv6 refuses prefix lengths that the family does not have', () => {
  const ip = IPv6.parse('fe80::1')
  for (const prefixLength of [-1, 129, 1.5, Number.NaN]) {
    const message = `Cannot use prefix length ${prefixLength} with "fe80::1": not a whole number from 0 to 128`
    assert.throws(() => ip.clearHostBits(prefixLength), { name: 'RangeError', message })
    assert.throws(() => ip.setHostBits(prefixLength), { name: 'RangeError', message })
    assert.throws(() => ip.sharesPrefix(ip, prefixLength), { name: 'RangeError', message })
  }
})
