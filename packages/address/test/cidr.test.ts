import assert from 'node:assert/strict'
import { BlockList } from 'node:net'
import { test } from 'node:test'
import { CIDR, compareAddresses, IPv4, IPv6, parseCIDR, parseIP } from '../src/index.ts'
import { parseCIDRRows } from './fixtures/go-net.ts'
import { blocks } from './fixtures/python-ipaddress.ts'
import { randomGroups, randomIPv4 } from './random-address.ts'
import { forAll, type SeededRandom } from './seeded-random.ts'

test('parseCIDR() accepts, refuses and prints as the reference does', () => {
  for (const [text, printed] of parseCIDRRows) {
    if (printed === undefined) {
      assert.throws(() => parseCIDR(text), { name: 'SyntaxError', message: `invalid CIDR address: ${text}` })
    } else {
      assert.equal(parseCIDR(text).toString(), printed, text)
    }
  }
})

test('CIDR.parse() makes an IPv4 block of an IPv4-mapped one', () => {
  const cidr = CIDR.parse('::ffff:10.0.0.5/120')
  assert.deepEqual(cidr, CIDR.parse('10.0.0.5/24'))
  assert.equal(String(cidr.broadcast), '10.0.0.255')
})

test('CIDR.parse() refuses an IPv4-mapped block that reaches beyond the mapping', () => {
  for (const text of ['::ffff:10.0.0.1/95', '::ffff:10.0.0.1/64', '::ffff:10.0.0.1/0']) {
    assert.throws(() => CIDR.parse(text), { name: 'SyntaxError', message: `invalid CIDR address: ${text}` })
  }
})

test('CIDR.of() refuses a prefix length that the family does not have', () => {
  const message = 'Cannot use prefix length 33 with "10.0.0.1": not a whole number from 0 to 32'
  assert.throws(() => CIDR.of(parseIP('10.0.0.1'), 33), { name: 'RangeError', message })
  for (const prefixLength of [-1, 129, 1.5, Number.NaN]) {
    assert.throws(() => CIDR.of(parseIP('fe80::1'), prefixLength), RangeError)
  }
  assert.equal(CIDR.of(parseIP('fe80::1'), 128).toString(), 'fe80::1/128')
})

test('CIDR computes network, last address, mask and size as Python does', () => {
  for (const { text, network, last, mask, size } of blocks) {
    const cidr = CIDR.parse(text)
    const computed = { network: `${cidr.network}`, last: `${cidr.lastAddress}`, mask: cidr.mask, size: cidr.size }
    assert.deepEqual(computed, { network, last, mask, size }, text)
  }
})

test('CIDR.masked() clears the host bits that hasHostBits tells of', () => {
  for (const { text, network } of blocks) {
    const cidr = CIDR.parse(text)
    assert.equal(cidr.masked().toString(), `${network}/${cidr.prefixLength}`)
    assert.equal(cidr.hasHostBits, !text.startsWith(`${network}/`), text)
    assert.equal(cidr.masked().hasHostBits, false)
  }
})

test('CIDR.broadcast is there for IPv4 networks of four addresses and more', () => {
  assert.deepEqual(CIDR.parse('10.0.0.5/24').broadcast, IPv4.parse('10.0.0.255'))
  assert.deepEqual(CIDR.parse('10.0.0.5/30').broadcast, IPv4.parse('10.0.0.7'))
  assert.deepEqual(CIDR.parse('10.0.0.5/0').broadcast, IPv4.parse('255.255.255.255'))
  for (const text of ['10.0.0.5/31', '10.0.0.5/32', '2001:db8::/64', '::/0']) {
    assert.equal(CIDR.parse(text).broadcast, undefined, text)
  }
})

test('CIDR.lastAddress stops before the IPv4-mapped block', () => {
  for (const text of ['::/80', '::8000:0:0/81', '::fffe:0:0/95']) {
    const { lastAddress } = CIDR.parse(text)
    assert.deepEqual(lastAddress, IPv6.parse('::fffe:ffff:ffff'), text)
    assert.ok(CIDR.parse(text).contains(lastAddress), text)
  }
  assert.equal(String(CIDR.parse('::/79').lastAddress), '::1:ffff:ffff:ffff')
  assert.equal(String(CIDR.parse('::fffe:0:0/96').lastAddress), '::fffe:ffff:ffff')
})

test('CIDR.contains() and overlaps() agree with net.BlockList', () => {
  const seen = { inside: 0, outside: 0, overlapping: 0, apart: 0 }
  forAll((random) => {
    const a = randomCIDR(random)
    const b = nearby(random, a)
    assert.equal(a.contains(b.address), blockList(a).check(String(b.address), type(b)), `${a} contains ${b.address}`)
    seen[a.contains(b.address) ? 'inside' : 'outside']++
    const overlap = blockList(a).check(`${b.network}`, type(b)) || blockList(b).check(`${a.network}`, type(a))
    assert.equal(a.overlaps(b), overlap, `${a} overlaps ${b}`)
    assert.equal(b.overlaps(a), overlap, `${b} overlaps ${a}`)
    seen[overlap ? 'overlapping' : 'apart']++
    const both = blockList(a).check(`${b.network}`, type(b)) && blockList(a).check(`${b.lastAddress}`, type(b))
    assert.equal(a.containsCIDR(b), both, `${a} contains ${b}`)
  })
  for (const [kind, count] of Object.entries(seen)) assert.ok(count > 300, `only ${count} ${kind}`)
})

test('CIDR never contains or overlaps the other family', () => {
  const [four, six] = [CIDR.parse('0.0.0.0/0'), CIDR.parse('::/0')]
  assert.equal(four.contains(six.address), false)
  assert.equal(six.contains(four.address), false)
  assert.equal(four.overlaps(six), false)
  assert.equal(six.containsCIDR(four), false)
})

test('CIDR.contains() takes an address of another copy of the package', () => {
  assert.equal(CIDR.parse('10.0.0.0/8').contains({ family: 4, value: 0x0a010203 }), true)
  assert.equal(CIDR.parse('fe80::/10').contains({ family: 6, groups: [0xfe90, 0, 0, 0, 0, 0, 0, 1] }), true)
})

test('CIDR.equals() minds host bits and prefix length', () => {
  const cidr = CIDR.parse('10.0.0.5/24')
  assert.equal(cidr.equals(CIDR.parse('10.0.0.5/24')), true)
  assert.equal(cidr.equals(CIDR.parse('10.0.0.6/24')), false)
  assert.equal(cidr.equals(CIDR.parse('10.0.0.5/25')), false)
  assert.equal(CIDR.parse('0.0.0.0/0').equals(CIDR.parse('::/0')), false)
})

test('CIDR.compare() orders by network, then the larger block, then the address', () => {
  const sorted = [
    '10.0.0.9/8',
    '10.0.0.0/24',
    '10.0.0.5/24',
    '10.0.0.0/25',
    '10.0.1.0/24',
    '11.0.0.0/8',
    '::/0',
    '::1/128',
  ]
  const shuffled = [5, 2, 7, 0, 3, 6, 1, 4].map((index) => CIDR.parse(sorted[index] ?? ''))
  assert.deepEqual(shuffled.sort(compareAddresses).map(String), sorted)
})

test('CIDR has its text as JSON and cannot be changed', () => {
  const cidr = CIDR.parse('10.0.0.5/24')
  // @ts-expect-error the field is read-only
  assert.throws(() => (cidr.prefixLength = 0), TypeError)
  assert.equal(JSON.stringify([cidr]), '["10.0.0.5/24"]')
  assert.equal(cidr.family, 4)
  assert.equal(CIDR.parse('::/0').family, 6)
})

function randomCIDR(random: SeededRandom): CIDR {
  return random.chance(50)
    ? CIDR.of(IPv4.parse(randomIPv4(random)), random.below(33))
    : CIDR.of(IPv6.fromGroups(randomGroups(random)), random.below(129))
}

/** A block whose address differs from that of `cidr` in one bit near the end of the prefix. */
function nearby(random: SeededRandom, cidr: CIDR): CIDR {
  const { bits } = cidr.address
  const flipped = Math.min(bits - 1, Math.max(0, bits - cidr.prefixLength - 4 + random.below(8)))
  const value = cidr.address.toBigInt() ^ (1n << BigInt(flipped))
  if (bits === 128 && value >> 32n === 0xffffn) return cidr
  return CIDR.of(bits === 32 ? IPv4.fromBigInt(value) : IPv6.fromBigInt(value), random.below(bits + 1))
}

function blockList(cidr: CIDR): BlockList {
  const list = new BlockList()
  list.addSubnet(String(cidr.network), cidr.prefixLength, type(cidr))
  return list
}

function type(cidr: CIDR): 'ipv4' | 'ipv6' {
  return cidr.family === 4 ? 'ipv4' : 'ipv6'
}
