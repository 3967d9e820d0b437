import assert from 'node:assert/strict'
import { test } from 'node:test'
import { shortenedName } from '../../src/config/index.ts'

test('shortenedName() leaves alone what fits', () => {
  for (const name of ['', 'c1', 'c'.repeat(40), 'é'.repeat(20)]) assert.equal(shortenedName(name, 40), name)
})

/** The hash is that of `printf cccccccccccccccccccccccccccccccccccccccc | sha512sum`. */
test('shortenedName() ends what does not fit in a hash of all of it', () => {
  assert.equal(shortenedName('c'.repeat(40), 32), `${'c'.repeat(15)}-46ec04e93fe50dc4`)
  assert.notEqual(shortenedName(`${'c'.repeat(40)}1`, 32), shortenedName(`${'c'.repeat(40)}2`, 32))
})

test('shortenedName() counts bytes, and never splits a character', () => {
  for (let length = 20; length < 32; length++) {
    const text = shortenedName(`${'c'.repeat(length % 4)}${'é🙂'.repeat(length)}`, length)
    assert.ok(Buffer.byteLength(text) <= length && Buffer.byteLength(text) > length - 4, `${length}: ${text}`)
    assert.doesNotMatch(text, /\uFFFD/)
  }
})
