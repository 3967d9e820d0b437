import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  attachmentHash,
  describeMark,
  isOfContainer,
  mark,
  markOf,
  networkHash,
  ownedBy,
  ownedByGone,
} from '../../../src/rules/ruleset/index.ts'

const attachment = { name: 'net1', containerId: 'c1', ifName: 'eth0' }

/** The hashes are those of `printf net1 | sha512sum` and `printf eth0:c1 | sha512sum`. */
const [network, own] = ['8e48f37d5de60467', 'f4d01f2ef4b92245']

test('mark() is the hashes of network and interface, and who that is', () => {
  assert.equal(mark(attachment), `${network}-${own}, net: net1, if: eth0, id: c1`)
  assert.deepEqual([networkHash('net1'), attachmentHash(attachment)], [network, own])
})

test('mark() has no double quotes and no more than 128 bytes: beyond, both names end in a hash', () => {
  assert.match(mark({ ...attachment, ifName: 'a"b' }), /, if: ab, id: c1$/)
  const lengthOf = (names: Partial<typeof attachment>) => Buffer.byteLength(mark({ ...attachment, ...names }))
  assert.equal(lengthOf({ containerId: 'c'.repeat(68) }), 128)
  const id = 'c'.repeat(69)
  assert.match(mark({ ...attachment, containerId: id }), /, net: net1, if: eth0, id: c{16}-[0-9a-f]{16}$/)
  assert.ok(lengthOf({ name: 'n'.repeat(300), containerId: 'c'.repeat(300), ifName: 'interface-of-15' }) <= 128)
})

test('isOfContainer() knows a container in every network, by a name that was shortened or, as earlier, cut', () => {
  for (const containerId of ['c1', '0123456789abcdef'.repeat(4), 'c'.repeat(300)])
    for (const name of ['n', 'n'.repeat(300)]) {
      const text = mark({ name, containerId, ifName: 'eth1' })
      assert.ok(isOfContainer(text, containerId), text)
      assert.ok(!isOfContainer(text, `${containerId}1`), text)
    }
  const cut = `${network}-${own}, net: net1, if: eth0, id: ${'0123456789'.repeat(7)}`.slice(0, 128)
  assert.ok(isOfContainer(cut, '0123456789'.repeat(7)))
  assert.ok(!isOfContainer(cut, '0123456789'))
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
