import assert from 'node:assert/strict'
import { test } from 'node:test'
import { shortenedName } from '@patchbay/cni/plugin'
import {
  attachmentHash,
  describeMark,
  isOfContainer,
  isSameOwner,
  mark,
  markOf,
  networkHash,
  ownedBy,
  ownedByGone,
} from '../../../src/rules/ruleset/index.ts'

const attachment = { name: 'net1', containerId: 'c1', ifName: 'eth0' }

/** The hashes are those of `printf net1 | sha512sum`, and so on for `eth0:c1` and `c1`. */
const [network, own, container] = ['8e48f37d5de60467', 'f4d01f2ef4b92245', 'bcfe21e6280bf11b']
/** As versions until 0.1 wrote it. */
const earlier = `${network}-${own}, net: net1, if: eth0, id: c1`

test('mark() is the hashes of network, interface and container, and who that is', () => {
  assert.equal(mark(attachment), `${network}-${own}-${container}, net: net1, if: eth0, id: c1`)
  assert.deepEqual([networkHash('net1'), attachmentHash(attachment)], [network, own])
})

test('mark() has no double quotes and no more than 128 bytes: beyond, the network ends in a hash and the container is cut', () => {
  assert.match(mark({ ...attachment, ifName: 'a"b' }), /, if: ab, id: c1$/)
  const lengthOf = (names: Partial<typeof attachment>) => Buffer.byteLength(mark({ ...attachment, ...names }))
  assert.equal(lengthOf({ containerId: 'c'.repeat(51) }), 128)
  assert.match(mark({ ...attachment, containerId: 'c'.repeat(52) }), /, net: net1, if: eth0, id: c{48}…$/)
  assert.match(mark({ ...attachment, name: 'n'.repeat(300) }), /, net: n{9}-[0-9a-f]{16}, if: eth0, id: c1$/)
  const longest = { name: 'n'.repeat(300), containerId: 'c'.repeat(300), ifName: 'interface-of-15' }
  assert.equal(lengthOf(longest), 128)
  assert.match(mark(longest), /, id: c{15}…$/)
  const split = mark({ ...attachment, containerId: `${'c'.repeat(47)}${'ü'.repeat(10)}` })
  assert.match(split, /, id: c{47}…$/)
})

test('isOfContainer() goes by the hash, in every network, whatever the names say', () => {
  for (const containerId of ['c1', '0123456789abcdef'.repeat(4), 'c'.repeat(300)])
    for (const name of ['n', 'n'.repeat(300)]) {
      const text = mark({ name, containerId, ifName: 'eth1' })
      assert.ok(isOfContainer(text, containerId), text)
      assert.ok(!isOfContainer(text, `${containerId}1`), text)
    }
  // A name that has the words of a mark itself, or double quotes.
  for (const containerId of ['c1, if: x, id: c2', '"c1"']) {
    const text = mark({ ...attachment, containerId })
    assert.ok(isOfContainer(text, containerId), text)
    for (const other of ['c1', 'c2']) assert.ok(!isOfContainer(text, other), text)
  }
  assert.ok(!isOfContainer(undefined, 'c1'))
})

test('isOfContainer() knows marks of versions until 0.1 by the name, whole, shortened or cut', () => {
  assert.ok(isOfContainer(earlier, 'c1'))
  assert.ok(!isOfContainer(earlier, 'c'))
  const id = '0123456789'.repeat(7)
  const shortened = `${network}-${own}, net: net1, if: eth0, id: ${shortenedName(id, 33)}`
  const cut = `${network}-${own}, net: net1, if: eth0, id: ${id}`.slice(0, 128)
  for (const text of [shortened, cut]) {
    assert.ok(isOfContainer(text, id), text)
    assert.ok(!isOfContainer(text, '0123456789'), text)
  }
})

test('isSameOwner() compares marks of different versions', () => {
  assert.ok(isSameOwner(mark(attachment), earlier))
  assert.ok(!isSameOwner(mark({ ...attachment, ifName: 'eth1' }), earlier))
  assert.ok(!isSameOwner(mark({ ...attachment, name: 'net2' }), earlier))
  for (const text of [undefined, '', 'c1']) assert.ok(!isSameOwner(text, text))
})

test('markOf() reads the hashes of a mark however much of it was cut, and of nothing else', () => {
  const expected = { network, attachment: own }
  for (const text of [mark(attachment), mark(attachment).slice(0, 50), earlier, earlier.slice(0, 33)])
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
