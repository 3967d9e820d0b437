import assert from 'node:assert/strict'
import { test } from 'node:test'
import { messagesOf } from '../../src/netlink/raw.ts'
import { captureNames, readCapture } from '../route/capture.ts'
import { codecOf, encodedAgain } from './codecs.ts'

const captures = captureNames('nftables')

/** Paths of what a decoded value has and no table knows. */
function unknownParts(value: unknown, path: string): string[] {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return []
  return Object.entries(value).flatMap(([key, part]) => {
    if (key === 'unknown' || (key === 'kind' && part === 'other')) return [`${path}.${key}`]
    return unknownParts(part, `${path}.${key}`)
  })
}

for (const name of captures) {
  test(`the codecs read all of "${name}", and write as many bytes`, () => {
    let count = 0
    for (const message of messagesOf(readCapture(name))) {
      const codec = codecOf(message)
      if (!codec) continue
      const value = codec.read(message.body)
      assert.deepEqual(unknownParts(value, `${message.type & 0xff}`), [])
      const again = encodedAgain(codec, value)
      assert.equal(again.length, message.body.length, JSON.stringify(value, withBigints))
      assert.deepEqual(codec.read(again), value)
      count++
    }
    assert.ok(count > 20, `${count} messages`)
  })
}

function withBigints(_: string, value: unknown): unknown {
  return typeof value === 'bigint' ? Number(value) : value
}
