import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  attachmentHash,
  describeMark,
  mark,
  markOf,
  networkHash,
  ownedBy,
  ownedByGone,
} from '../../src/ruleset/index.ts'

const attachment = { name: 'net1', containerId: 'c1', ifName: 'eth0' }

/** The hashes are those of `printf net1 | sha512sum` and `printf eth0:c1 | sha512sum`. */
const [network, own] = ['8e48f37d5de60467', 'f4d01f2ef4b92245']

test('mark() is the hashes of network and interface, and who that is', () => {
  assert.equal(mark(attachment), `${network}-${own}, net: net1, if: eth0, id: c1`)
  assert.deepEqual([networkHash('net1'), attachmentHash(attachment)], [network, own])
})

test('mark() has no double quotes and no more than 128 bytes, the last of which ends a character', () => {
  assert.match(mark({ ...attachment, ifName: 'a"b' }), /, if: ab, id: c1$/)
  for (let length = 60; length < 70; length++) {
    const text = mark({ ...attachment, containerId: `${'c'.repeat(length)}éé` })
    const bytes = Buffer.from(text)
    assert.ok(bytes.length <= 128 && bytes.length >= Math.min(64 + length, 127), `${length}: ${bytes.length}`)
    assert.doesNotMatch(text, /\uFFFD/)
  }
})

test('markOf() reads the hashes of a mark however much of it was cut, and of nothing else', () => {
  const expected = { network, attachment: own }
  for (const text of [mark(attachment), mark(attachment).slice(0, 33), mark({ ...attachment, containerId: 'c1' })])
    assert.deepEqual(markOf(text), expected)
  for (const text of [undefined, '', 'c1', `${network}-${own}x`, ` ${network}-${own}`, `${network}-${own.slice(1)}`])
    assert.equal(markOf(text), undefined)
})

test('ownedBy() tells networks, containers and interfaces apart', () => {
  const isOurs = ownedBy(attachment)
  assert.ok(isOurs(mark(attachment)))
  for (const key of ['name', 'containerId', 'ifName'] as const)
    assert.ok(!isOurs(mark({ ...attachment, [key]: 'other' })), key)
  assert.ok(!isOurs(undefined))
})

test('ownedByGone() tells those of a network that are not alive', () => {
  const isGone = ownedByGone('net1', [attachment])
  assert.ok(isGone(mark({ ...attachment, containerId: 'c2' })))
  for (const text of [mark(attachment), mark({ name: 'net2', containerId: 'c2', ifName: 'eth0' }), 'c2', undefined])
    assert.ok(!isGone(text), text)
})

test('describeMark() gives what people read', () => {
  assert.equal(describeMark(mark(attachment)), 'net: net1, if: eth0, id: c1')
  assert.equal(describeMark(undefined), '')
})
