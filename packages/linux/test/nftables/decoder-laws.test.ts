import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseIP } from '@patchbay/address'
import { DecodeError } from '../../src/netlink/index.ts'
import { messagesOf } from '../../src/netlink/raw.ts'
import { decodeElements } from '../../src/nftables/element.ts'
import { ipv4Addr, ipv6Addr, type NamedSet, namedMap } from '../../src/nftables/index.ts'
import { elementMessage, readUserData, setMessage } from '../../src/nftables/raw.ts'
import { decodeSet } from '../../src/nftables/set-state.ts'
import { captureNames, readCapture } from '../route/capture.ts'
import { forAll, type SeededRandom } from '../seeded-random.ts'
import { type BodyCodec, codecs, encodedAgain } from './codecs.ts'

const samples = captureNames('nftables').flatMap((name) => messagesOf(readCapture(name)).map(({ body }) => body))

/** A real message with a few bytes changed, or cut off somewhere; or bytes at random. */
function damaged(random: SeededRandom): Uint8Array {
  if (random.chance(20)) return Uint8Array.from({ length: random.below(200) }, () => random.below(256))
  const bytes = random.pick(samples).slice()
  for (let count = random.below(6); count > 0; count--)
    bytes[random.below(bytes.length)] = random.chance(50) ? random.below(256) : random.below(40)
  return random.chance(30) ? bytes.subarray(0, random.below(bytes.length + 1)) : bytes
}

/** What `read` gives; `undefined` when it throws a DecodeError. */
function attempt<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch (error) {
    assert.ok(error instanceof DecodeError, `threw ${error}`)
    return undefined
  }
}

function checkLaws(codec: BodyCodec, body: Uint8Array): void {
  const value = attempt(() => codec.read(body))
  if (value === undefined) return
  const bytes = encodedAgain(codec, value)
  assert.deepEqual(encodedAgain(codec, codec.read(bytes)), bytes)
}

test('codecs of nf_tables throw nothing but DecodeError on damaged messages, and encode stably what they accept', () => {
  forAll((random) => {
    const body = damaged(random)
    for (const codec of codecs) checkLaws(codec, body)
  })
})

const maps: readonly NamedSet[] = [
  namedMap({ table: { family: 'ip', name: 't' }, name: 'm', key: [ipv4Addr, ipv6Addr], data: ipv4Addr }),
  namedMap({ table: { family: 'ip', name: 't' }, name: 'm', key: ipv4Addr, data: 'verdict', interval: true }),
  namedMap({ table: { family: 'ip', name: 't' }, name: 'm', key: ipv4Addr, data: 'counter' }),
]

test('decodeElements() and decodeSet() throw nothing but DecodeError on what the codecs accept', () => {
  let decoded = 0
  forAll((random) => {
    const body = damaged(random)
    const raw = attempt(() => elementMessage.read(body))?.elements
    if (raw) for (const map of maps) decoded += attempt(() => decodeElements(map, raw))?.length ?? 0
    const set = attempt(() => setMessage.read(body))
    if (set) attempt(() => decodeSet(set))
  })
  assert.ok(decoded > 0)
})

test('readUserData() throws nothing, and gives what fits', () => {
  forAll((random) => {
    const bytes = Uint8Array.from({ length: random.below(20) }, () => random.below(6))
    for (const part of readUserData(bytes).values()) assert.ok(part.length <= bytes.length - 2)
  })
})

test('decodeElements() reads an IPv4-mapped address of a foreign set as what it is', () => {
  const set = namedMap({ table: { family: 'ip6', name: 't' }, name: 'm', key: ipv6Addr, data: 'verdict' })
  const value = Uint8Array.from([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 10, 0, 0, 1])
  assert.deepEqual(decodeElements(set, [{ key: { value } }])[0]?.key, parseIP('10.0.0.1'))
})
