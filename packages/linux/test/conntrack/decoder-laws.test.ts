import assert from 'node:assert/strict'
import { test } from 'node:test'
import { connectionMessage, decodeConnection } from '../../src/conntrack/raw.ts'
import { DecodeError } from '../../src/netlink/index.ts'
import { type Value, Writer } from '../../src/netlink/raw.ts'
import { captureNames, messageOf, readCapture } from '../route/capture.ts'
import { forAll, type SeededRandom } from '../seeded-random.ts'

const samples = captureNames('conntrack').map((name) => messageOf(readCapture(name)).body)

/** A real message with a few bytes changed, or cut off somewhere. */
function mutated(random: SeededRandom): Uint8Array {
  const bytes = random.pick(samples).slice()
  for (let count = random.below(6); count > 0; count--)
    bytes[random.below(bytes.length)] = random.chance(50) ? random.below(256) : random.below(40)
  return random.chance(30) ? bytes.subarray(0, random.below(bytes.length + 1)) : bytes
}

function encode(value: Value<typeof connectionMessage>): Uint8Array {
  const w = new Writer()
  connectionMessage.write(w, value)
  return w.finish()
}

test('connectionMessage throws nothing but DecodeError on damaged messages, and encodes stably what it accepts', () => {
  forAll((random) => {
    let value: Value<typeof connectionMessage>
    try {
      value = connectionMessage.read(mutated(random))
    } catch (error) {
      assert.ok(error instanceof DecodeError, `threw ${error}`)
      return
    }
    decodeConnection(value)
    const bytes = encode(value)
    assert.deepEqual(encode(connectionMessage.read(bytes)), bytes)
  }, 5000)
})
