import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Batch } from '@patchbay/linux/nftables'
import { declareConditions, parseConditions } from '../../../src/meta/portmap/nftables-conditions.ts'

const chain = { table: { family: 'inet', name: 'patchbay' }, name: 'own' } as const

/** How many rules let a packet come back; the last one of the chain does not. */
function ways(words: string[], key = 'conditionsV4'): number {
  const batch = new Batch()
  declareConditions(batch, chain, parseConditions(words, key))
  return batch.requests.length - 3
}

test('parseConditions() takes fields with values, ranges, prefixes and lists, in any number of words', () => {
  for (const [words, count] of [
    [['ip', 'saddr', '10.0.0.1'], 1],
    [['ip saddr != 10.0.0.0/8'], 1],
    [['ip', 'daddr', '==', '10.0.0.1-10.0.0.9'], 1],
    [['ip', 'saddr', '!=', '10.0.0.1-10.0.0.9', 'tcp', 'dport', '80-90', 'udp sport != 1-2'], 1],
    [['ip saddr {10.0.0.1,10.1.0.0/16}', 'iifname { "eth0", eth1, veth* }'], 6],
    [['ip', 'saddr', '!=', '{', '10.0.0.1', ',', '10.0.0.2', '}'], 1],
    [['meta', 'iifname', '!=', 'eth-0', 'meta mark 0x10', 'meta mark != 7', 'oifname', 'eth1'], 1],
    [['sctp', 'dport', '{', '1,2,3-4', '}'], 3],
    [[], 1],
    [[''], 1],
  ] as const)
    assert.equal(ways([...words]), count, words.join('|'))
  assert.equal(ways(['ip6', 'saddr', '2001:db8::/32'], 'conditionsV6'), 1)
})

test('parseConditions() names the word that it does not understand, and the key', () => {
  const wrong: [words: string[], message: string][] = [
    [['ip', 'dscp', '1'], 'Cannot understand "ip" in conditionsV4: it is no field for it'],
    [['ip6', 'saddr', '::1'], 'Cannot understand "ip6" in conditionsV4: it is no field for it'],
    [['ip', 'saddr'], 'Cannot understand "" in conditionsV4: it is no value of "ip saddr"'],
    [['ip', 'saddr', '10.0.0.1/33'], 'Cannot understand "10.0.0.1/33" in conditionsV4: it is no value of "ip saddr"'],
    [['ip', 'saddr', '::1'], 'Cannot understand "::1" in conditionsV4: it is no value of "ip saddr"'],
    [['tcp', 'dport', 'http'], 'Cannot understand "http" in conditionsV4: it is no value of "tcp dport"'],
    [['tcp', 'dport', '65536'], 'Cannot understand "65536" in conditionsV4: it is no value of "tcp dport"'],
    [['meta', 'mark', '1-2'], 'Cannot understand "1-2" in conditionsV4: it is no value of "meta mark"'],
    [['iifname', '!=', 'eth*'], 'Cannot understand "eth*" in conditionsV4: it is no value of "meta iifname"'],
    [
      ['iifname', 'a-name-too-long-for-one'],
      'Cannot understand "a-name-too-long-for-one" in conditionsV4: it is no value of "meta iifname"',
    ],
    [['ip', 'saddr', '{', '}'], 'Cannot understand "{" in conditionsV4: it begins no list'],
    [['ip', 'saddr', '{', '10.0.0.1'], 'Cannot understand "{" in conditionsV4: it begins no list'],
    [['accept'], 'Cannot understand "accept" in conditionsV4: it is no field for it'],
  ]
  for (const [words, message] of wrong)
    assert.throws(() => parseConditions(words, 'conditionsV4'), { name: 'SyntaxError', message })
})

test('parseConditions() limits what lists make together', () => {
  const list = (count: number) => `{ ${Array.from({ length: count }, (_, index) => index).join(', ')} }`
  assert.equal(ways([`tcp sport ${list(8)} tcp dport ${list(8)}`]), 64)
  assert.throws(() => parseConditions([`tcp sport ${list(13)} tcp dport ${list(5)}`], 'conditionsV6'), {
    message: 'Cannot use conditionsV6: its lists make more than 64 combinations',
  })
})
