import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseCIDR, parseIP } from '@patchbay/address'
import {
  canonicalRange,
  canonicalRangeSets,
  checkSetsApart,
  formatRangeSet,
  type RangeConf,
} from '../../../src/ipam/host-local/range.ts'

/** Subnet, start, end and gateway of a configuration; `-` is left out. */
function conf(text: string): RangeConf {
  const [subnet = '-', start = '-', end = '-', gateway = '-'] = text.split(' ')
  return {
    ...(subnet === '-' ? {} : { subnet: parseCIDR(subnet) }),
    ...(start === '-' ? {} : { rangeStart: parseIP(start) }),
    ...(end === '-' ? {} : { rangeEnd: parseIP(end) }),
    ...(gateway === '-' ? {} : { gateway: parseIP(gateway) }),
  }
}

const canonical: readonly (readonly [given: string, start: string, end: string, gateway: string])[] = [
  ['10.0.0.0/24', '10.0.0.1', '10.0.0.254', '10.0.0.1'],
  ['10.0.0.0/30', '10.0.0.1', '10.0.0.2', '10.0.0.1'],
  ['0.0.0.0/0', '0.0.0.1', '255.255.255.254', '0.0.0.1'],
  ['fd00::/64', 'fd00::1', 'fd00::ffff:ffff:ffff:ffff', 'fd00::1'],
  ['fd00::/126', 'fd00::1', 'fd00::3', 'fd00::1'],
  ['10.0.0.0/24 10.0.0.0 10.0.0.255', '10.0.0.0', '10.0.0.255', '10.0.0.1'],
  ['10.0.0.0/24 10.0.0.7 10.0.0.7', '10.0.0.7', '10.0.0.7', '10.0.0.1'],
  ['10.0.0.0/24 - - 192.0.2.1', '10.0.0.1', '10.0.0.254', '192.0.2.1'],
  ['10.0.0.0/24 - - fd00::1', '10.0.0.1', '10.0.0.254', 'fd00::1'],
  ['10.0.0.0/24 10.0.0.255', '10.0.0.255', '10.0.0.254', '10.0.0.1'],
]

test('canonicalRange() fills in what is left out and keeps what is given', () => {
  for (const [given, start, end, gateway] of canonical) {
    const range = canonicalRange(conf(given))
    assert.deepEqual([range.start, range.end, range.gateway].map(String), [start, end, gateway], given)
  }
})

const refused: readonly (readonly [given: string, message: string])[] = [
  ['-', 'IP <nil> not v4 nor v6'],
  ['10.0.0.0/31', 'Network 10.0.0.0/31 too small to allocate from'],
  ['10.0.0.5/32', 'Network 10.0.0.5/32 too small to allocate from'],
  ['fd00::/127', 'Network fd00::/127 too small to allocate from'],
  ['10.1.2.3/24', 'Network has host bits set. For a subnet mask of length 24 the network address is 10.1.2.0'],
  ['10.0.0.0/24 10.0.1.0', 'RangeStart 10.0.1.0 not in network 10.0.0.0/24'],
  ['10.0.0.0/24 fd00::1', 'RangeStart fd00::1 not in network 10.0.0.0/24'],
  ['10.0.0.0/24 10.0.0.9 10.0.0.8', 'RangeStart 10.0.0.9 not in network 10.0.0.0/24'],
  ['10.0.0.0/24 - 10.0.1.0', 'RangeEnd 10.0.1.0 not in network 10.0.0.0/24'],
  ['10.0.0.0/24 - 10.0.0.0', 'RangeEnd 10.0.0.0 not in network 10.0.0.0/24'],
  ['10.0.0.0/24 10.0.0.9 fd00::9', 'RangeEnd fd00::9 not in network 10.0.0.0/24'],
]

test('canonicalRange() refuses what the reference refuses, in its words', () => {
  for (const [given, message] of refused) {
    assert.throws(() => canonicalRange(conf(given)), { name: 'RangeError', message }, given)
  }
})

const refusedSets: readonly (readonly [given: readonly (readonly string[])[], message: string])[] = [
  [[], 'no IP ranges specified'],
  [[[]], 'invalid range set 0: empty range set'],
  [[['10.0.0.0/24'], ['10.1.0.0/31']], 'invalid range set 1: Network 10.1.0.0/31 too small to allocate from'],
  [[['10.0.0.0/24', 'fd00::/64']], 'invalid range set 0: mixed address families'],
  [
    [['10.0.0.0/24', '10.0.1.0/24', '10.0.1.0/25']],
    'invalid range set 0: subnets 10.0.1.1-10.0.1.254 and 10.0.1.1-10.0.1.126 overlap',
  ],
  [
    [['10.0.0.0/24 - 10.0.0.9', '10.0.0.0/24 10.0.0.9']],
    'invalid range set 0: subnets 10.0.0.1-10.0.0.9 and 10.0.0.9-10.0.0.254 overlap',
  ],
]

test('canonicalRangeSets() refuses what the reference refuses, in its words', () => {
  for (const [given, message] of refusedSets) {
    const sets = given.map((set) => set.map(conf))
    assert.throws(() => canonicalRangeSets(sets), { name: 'RangeError', message }, JSON.stringify(given))
  }
})

test('canonicalRangeSets() takes ranges of one subnet that are apart', () => {
  const [set = []] = canonicalRangeSets([[conf('10.0.0.0/24 10.0.0.10 10.0.0.19'), conf('10.0.0.0/24 10.0.0.20')]])
  assert.equal(formatRangeSet(set), '10.0.0.10-10.0.0.19,10.0.0.20-10.0.0.254')
})

test('checkSetsApart() names the first two sets that overlap', () => {
  const sets = canonicalRangeSets([
    [conf('10.0.0.0/24')],
    [conf('fd00::/64')],
    [conf('10.1.0.0/24'), conf('10.2.0.0/24')],
    [conf('10.3.0.0/24'), conf('10.2.0.0/16 10.2.0.254 10.2.1.9')],
  ])
  assert.throws(() => checkSetsApart(sets), { name: 'RangeError', message: 'range set 2 overlaps with 3' })
  checkSetsApart(sets.slice(0, 3))
})
