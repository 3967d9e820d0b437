import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { formatWords, isSameRule, parseWords, targetOf, wordAfter } from '../../../src/rules/iptables/rule-text.ts'
import { forAll } from '../../ipam/host-local/seeded-random.ts'

const canRestore = spawnSync('unshare', ['--net', 'iptables-restore', '--version']).status === 0
const withoutIptables = canRestore
  ? false
  : 'no iptables-restore in a network namespace: the package iptables has it, and root can make one'

test('parseWords() reads what iptables-save prints', () => {
  const line =
    '-A POSTROUTING -s 10.1.2.2/32 ! -d 224.0.0.0/4 -m comment --comment "name: \\"net1\\" it\\\'s \\\\" -j X'
  assert.deepEqual(parseWords(line), [
    ...['-A', 'POSTROUTING', '-s', '10.1.2.2/32', '!', '-d', '224.0.0.0/4', '-m', 'comment', '--comment'],
    ...[`name: "net1" it's \\`, '-j', 'X'],
  ])
})

test('formatWords() puts words in quotes that need them', () => {
  assert.equal(formatWords(['--to-destination', '[fd00::2]:80', '']), '--to-destination "[fd00::2]:80" ""')
  assert.equal(formatWords(['--comment', 'a "b" \\']), '--comment "a \\"b\\" \\\\"')
})

test('formatWords() refuses words that would end the line', () => {
  for (const word of ['a\nCOMMIT', '\r', 'a\0'])
    assert.throws(() => formatWords(['-s', word]), {
      name: 'RangeError',
      message: /^Cannot write rule: ".*" does not fit/,
    })
})

test('parseWords() reads what formatWords() wrote', () => {
  const letters = [...`ab"\\' -!/[]:$\`%é`]
  forAll((random) => {
    const words = Array.from({ length: 1 + random.below(5) }, () =>
      Array.from({ length: 1 + random.below(6) }, () => random.pick(letters)).join(''),
    )
    assert.deepEqual(parseWords(formatWords(words)), words)
  })
})

test('formatWords() is read by iptables-restore as it is meant', { skip: withoutIptables }, () => {
  const comment = `a "b" it's \\ $x %20 <é>`
  const input = `*filter\n${formatWords(['-A', 'INPUT', '-m', 'comment', '--comment', comment, '-j', 'ACCEPT'])}\nCOMMIT\n`
  const script = 'iptables-restore && iptables -S INPUT'
  const { stdout, stderr } = spawnSync('unshare', ['--net', 'sh', '-c', script], { input, encoding: 'utf8' })
  assert.equal(stderr.replace(/^# Warning.*\n/gm, ''), '')
  assert.equal(wordAfter(parseWords(stdout.split('\n')[1] ?? ''), '--comment'), comment)
})

test('isSameRule() does not mind the order, but the number', () => {
  assert.ok(isSameRule(['-s', 'a', '-j', 'X'], ['-j', 'X', '-s', 'a']))
  assert.ok(!isSameRule(['-s', 'a', '-j', 'X'], ['-s', 'a', '-s', 'a', '-j', 'X']))
  assert.ok(!isSameRule(['-s', 'a'], ['-d', 'a']))
})

test('targetOf() and wordAfter() find what stands behind an option', () => {
  assert.equal(targetOf(['-s', 'a', '-j', 'X', '--set-xmark', '1']), 'X')
  assert.deepEqual([targetOf(['-s', 'a']), wordAfter(['-m'], '-m')], [undefined, undefined])
})
