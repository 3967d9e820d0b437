import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ownerIn, ownerOf, recordElements, wordsOf } from '../../../src/rules/ruleset/index.ts'

const owner = ownerOf({ name: 'net1', containerId: 'c1', ifName: 'eth0' })

test('recordElements() puts words into one element, found by the hashes of its owner', () => {
  const [element, ...others] = recordElements(owner, ['10.9.0.2/24', 'fd00::2/64'])
  assert.deepEqual(others, [])
  // The hashes are those of `printf net1 | sha512sum` and `printf eth0:c1 | sha512sum`.
  assert.deepEqual(element?.key, [0x8e48f37d, 0x5de60467, 0xf4d01f2e, 0xf4b92245, 0])
  assert.equal(element.comment, '10.9.0.2/24, fd00::2/64')
  assert.deepEqual(recordElements(owner, []), [])
})

test('recordElements() makes as many elements as words need, none longer than a comment', () => {
  const words = Array.from({ length: 9 }, (_, index) => `fd00:1111:2222:3333:4444:5555:6666:777${index}/128`)
  const parts = recordElements(owner, words)
  assert.deepEqual(
    parts.map(({ key }) => key[4]),
    [0, 1, 2, 3, 4],
  )
  for (const [index, { comment = '' }] of parts.entries()) {
    assert.ok(Buffer.byteLength(comment) <= 128)
    assert.equal(comment.endsWith(','), index < parts.length - 1)
  }
  assert.deepEqual(wordsOf(parts), words)
})

test('recordElements() fills a comment of 128 bytes, with the comma that says that there is more', () => {
  const fits = recordElements(owner, ['a'.repeat(60), 'b'.repeat(65), 'c'])
  assert.deepEqual(
    fits.map(({ comment }) => Buffer.byteLength(comment ?? '')),
    [128, 1],
  )
})

test('ownerIn() gives the hashes that a key is made of, with their zeros', () => {
  for (const hashes of [owner, { network: '0000000100000002', attachment: 'ffffffff00000000' }])
    for (const { key } of recordElements(hashes, ['x'])) assert.deepEqual(ownerIn(key), hashes)
})
