import assert from 'node:assert/strict'
import { isIP } from 'node:net'
import { test } from 'node:test'
import { IPv4, IPv6, ipFromBytes, parseIP, tryParseIP } from '../src/index.ts'
import { parseIPRows } from './fixtures/go-net.ts'
import { damaged, randomGroups, randomIPv4, randomIPv6 } from './random-address.ts'
import { forAll } from './seeded-random.ts'

test('parseIP() accepts, refuses and prints as the reference does', () => {
  for (const [text, printed] of parseIPRows) {
    if (printed === undefined) {
      assert.throws(() => parseIP(text), { name: 'SyntaxError', message: `invalid IP address: ${text}` })
    } else {
      assert.equal(parseIP(text).toString(), printed, text)
    }
  }
})

test('parseIP() refuses empty text', () => {
  assert.throws(() => parseIP(''), { name: 'SyntaxError', message: 'invalid IP address: ' })
})

test('tryParseIP() gives undefined exactly where parseIP() throws', () => {
  for (const [text, printed] of parseIPRows) assert.equal(tryParseIP(text)?.toString(), printed, text)
  assert.equal(tryParseIP(''), undefined)
})

test('tryParseIP() accepts exactly what net.isIP() accepts, zones aside', () => {
  let accepted = 0
  let refused = 0
  forAll((random) => {
    const text = damaged(random, random.chance(50) ? randomIPv4(random) : randomIPv6(random))
    const expected = isIP(text) !== 0 && !text.includes('%')
    assert.equal(tryParseIP(text) !== undefined, expected, JSON.stringify(text))
    if (expected) accepted++
    else refused++
  }, 20_000)
  assert.ok(accepted > 2000 && refused > 2000, `one-sided: ${accepted} accepted, ${refused} refused`)
})

test('parseIP() reads every spelling of an IPv6 address as the same value', () => {
  forAll((random) => {
    const groups = randomGroups(random)
    const text = randomIPv6(random, groups)
    const ip = parseIP(text)
    assert.ok(ip instanceof IPv6, text)
    assert.deepEqual(ip.groups, groups, text)
  })
})

test('parseIP() prints IPv6 as the URL standard does', () => {
  forAll((random) => {
    const text = randomIPv6(random)
    assert.equal(`[${parseIP(text)}]`, new URL(`http://[${text}]/`).hostname)
  })
})

test('parseIP() gives what it printed', () => {
  forAll((random) => {
    const ip = parseIP(random.chance(50) ? randomIPv4(random) : randomIPv6(random))
    assert.deepEqual(parseIP(ip.toString()), ip)
  })
})

test('parseIP() makes an IPv4 value of every spelling of an IPv4-mapped address', () => {
  for (const text of [
    '::ffff:1.2.3.4',
    '::ffff:0102:0304',
    '::FFFF:102:304',
    '0:0:0:0:0:ffff:1.2.3.4',
    '0::ffff:102:304',
  ]) {
    assert.deepEqual(parseIP(text), IPv4.parse('1.2.3.4'), text)
  }
})

test('ipFromBytes() tells the families apart by length', () => {
  assert.deepEqual(ipFromBytes(Uint8Array.of(10, 0, 0, 1)), IPv4.parse('10.0.0.1'))
  assert.deepEqual(ipFromBytes(IPv6.parse('2001:db8::1').bytes), IPv6.parse('2001:db8::1'))
})

test('ipFromBytes() makes an IPv4 value of IPv4-mapped bytes', () => {
  const bytes = new Uint8Array(16).fill(0xff, 10, 12)
  bytes.set([192, 0, 2, 1], 12)
  assert.deepEqual(ipFromBytes(bytes), IPv4.parse('192.0.2.1'))
})

test('ipFromBytes() reads from the middle of a larger buffer', () => {
  const message = Uint8Array.of(9, 9, 10, 0, 0, 1, ...IPv6.parse('fe80::1').bytes, 9)
  assert.equal(ipFromBytes(message.subarray(2, 6)).toString(), '10.0.0.1')
  assert.equal(ipFromBytes(message.subarray(6, 22)).toString(), 'fe80::1')
})

test('ipFromBytes() refuses other lengths', () => {
  for (const length of [0, 3, 5, 15, 17]) {
    const message = `Cannot make an IP address of ${length} bytes: not 4 or 16`
    assert.throws(() => ipFromBytes(new Uint8Array(length)), { name: 'RangeError', message })
  }
})
