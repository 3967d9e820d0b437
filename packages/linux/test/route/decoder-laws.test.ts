import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DecodeError } from '../../src/netlink/index.ts'
import { extendedAck, messagesOf, readAcknowledgement, Writer } from '../../src/netlink/raw.ts'
import {
  addressMessage,
  bridgeLinkMessage,
  decodeAddress,
  decodeRoute,
  decodeRule,
  linkMessage,
  neighbourMessage,
  routeMessage,
  ruleMessage,
} from '../../src/route/raw.ts'
import { classMessage, filterMessage, qdiscMessage } from '../../src/tc/raw.ts'
import { forAll, type SeededRandom } from '../seeded-random.ts'
import { captureNames, messageOf, readCapture } from './capture.ts'

interface BodyCodec<T> {
  read(body: Uint8Array): T
  write(w: Writer, value: T): void
}

const samples = ['link', 'address', 'route', 'neighbour', 'sent']
  .flatMap(captureNames)
  .map((name) => messageOf(readCapture(name)).body)

function randomBytes(random: SeededRandom): Uint8Array {
  return Uint8Array.from({ length: random.below(200) }, () => random.below(256))
}

/** A real message with a few bytes changed, or cut off somewhere. */
function mutated(random: SeededRandom): Uint8Array {
  const bytes = random.pick(samples).slice()
  for (let count = random.below(6); count > 0; count--) {
    // Small numbers make lengths and types that are nearly right.
    bytes[random.below(bytes.length)] = random.chance(50) ? random.below(256) : random.below(40)
  }
  return random.chance(30) ? bytes.subarray(0, random.below(bytes.length + 1)) : bytes
}

function encode<T>(codec: BodyCodec<T>, value: T): Uint8Array {
  const w = new Writer()
  codec.write(w, value)
  return w.finish()
}

/** Decoding throws DecodeError or nothing, and what was decoded survives another round unchanged. */
function checkLaws<T>(codec: BodyCodec<T>, body: Uint8Array): void {
  let value: T
  try {
    value = codec.read(body)
  } catch (error) {
    assert.ok(error instanceof DecodeError, `threw ${error}`)
    return
  }
  const bytes = encode(codec, value)
  assert.deepEqual(encode(codec, codec.read(bytes)), bytes)
}

function checkAll(body: Uint8Array): void {
  checkLaws(linkMessage, body)
  checkLaws(bridgeLinkMessage, body)
  checkLaws(addressMessage, body)
  checkLaws(routeMessage, body)
  checkLaws(neighbourMessage, body)
  checkLaws(ruleMessage, body)
  checkLaws(qdiscMessage, body)
  checkLaws(classMessage, body)
  checkLaws(filterMessage, body)
  checkLaws(extendedAck, body)
}

test('decoders throw nothing but DecodeError on random bytes, and encode stably what they accept', () => {
  forAll((random) => checkAll(randomBytes(random)))
})

test('decoders throw nothing but DecodeError on damaged messages, and encode stably what they accept', () => {
  forAll((random) => checkAll(mutated(random)), 5000)
})

test('decodeRoute(), decodeRule() and decodeAddress() throw nothing on what their codecs accept', () => {
  forAll((random) => {
    const body = mutated(random)
    const read = <T>(codec: { read(body: Uint8Array): T }): T | undefined => {
      try {
        return codec.read(body)
      } catch {
        return undefined
      }
    }
    const [route, rule, address] = [read(routeMessage), read(ruleMessage), read(addressMessage)]
    if (route) decodeRoute(route)
    if (rule) decodeRule(rule)
    if (address) decodeAddress(address)
  }, 5000)
})

test('messagesOf() and readAcknowledgement() throw nothing but DecodeError', () => {
  forAll((random) => {
    const datagram = random.chance(50) ? randomBytes(random) : mutated(random)
    const errors = [() => [...messagesOf(datagram)], () => readAcknowledgement(answer(random, datagram))]
    for (const run of errors) {
      try {
        run()
      } catch (error) {
        assert.ok(error instanceof DecodeError, `threw ${error}`)
      }
    }
  })
})

function answer(random: SeededRandom, body: Uint8Array) {
  return { type: random.pick([2, 3]), flags: random.pick([0, 0x100, 0x200, 0x300]), sequence: 1, portId: 0, body }
}
