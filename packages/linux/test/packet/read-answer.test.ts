import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseIP } from '@patchbay/address'
import { readAnswer, writeEchoRequest } from '@patchbay/linux/packet'
import { internetChecksum } from '../../src/packet/icmp/internet-checksum.ts'
import { forAll } from '../seeded-random.ts'

const echo = { identifier: 0x1234, sequence: 7, data: Uint8Array.of(1, 2, 3, 4, 5) }

/** An IPv4 packet from 10.0.0.1 to 10.0.0.2 with `options` bytes of options in its header. */
function ipv4(message: Uint8Array, { options = 0, protocol = 1 } = {}): Uint8Array {
  const header = new Uint8Array(20 + options)
  header[0] = 0x40 | (header.length / 4)
  header[9] = protocol
  header.set([10, 0, 0, 1, 10, 0, 0, 2], 12)
  return Uint8Array.of(...header, ...message)
}

/** An IPv6 packet from fd00::1 to fd00::2. */
function ipv6(message: Uint8Array): Uint8Array {
  const [source, destination] = [parseIP('fd00::1').bytes, parseIP('fd00::2').bytes]
  return Uint8Array.of(0x60, 0, 0, 0, 0, message.length, 58, 64, ...source, ...destination, ...message)
}

function icmp(type: number, code: number, rest: Uint8Array): Uint8Array {
  const message = Uint8Array.of(type, code, 0, 0, ...rest)
  new DataView(message.buffer).setUint16(2, internetChecksum(message))
  return message
}

/** The reply to a request: the same with another type. */
function replyTo(version: 4 | 6): Uint8Array {
  const request = writeEchoRequest(version, echo)
  return icmp(version === 4 ? 0 : 129, 0, request.subarray(4))
}

test('readAnswer() reads a reply', () => {
  const expected = { echo, from: parseIP('10.0.0.1') }
  assert.deepEqual(readAnswer(4, ipv4(replyTo(4))), expected)
  assert.deepEqual(readAnswer(4, ipv4(replyTo(4), { options: 8 })), expected)
  assert.deepEqual(readAnswer(6, replyTo(6)), { echo })
})

test('readAnswer() reads why a request did not arrive', () => {
  const four = (type: number, code: number): Uint8Array =>
    ipv4(icmp(type, code, Uint8Array.of(0, 0, 0, 0, ...ipv4(writeEchoRequest(4, echo)))))
  const six = (type: number, code: number): Uint8Array =>
    icmp(type, code, Uint8Array.of(0, 0, 0, 0, ...ipv6(writeEchoRequest(6, echo))))
  const cases = [
    [readAnswer(4, four(3, 0)), 'EHOSTUNREACH', 'network unreachable'],
    [readAnswer(4, four(3, 13)), 'EHOSTUNREACH', 'administratively prohibited'],
    [readAnswer(4, four(3, 99)), 'EHOSTUNREACH', 'destination unreachable (code 99)'],
    [readAnswer(4, four(11, 0)), 'EHOSTUNREACH', 'time to live exceeded'],
    [readAnswer(6, six(1, 0)), 'EHOSTUNREACH', 'no route'],
    [readAnswer(6, six(1, 3)), 'EHOSTUNREACH', 'address unreachable'],
    [readAnswer(6, six(2, 0)), 'EMSGSIZE', 'packet too big'],
    [readAnswer(6, six(3, 0)), 'EHOSTUNREACH', 'hop limit exceeded'],
  ] as const
  for (const [answer, code, reason] of cases) {
    assert.deepEqual(answer?.echo, echo)
    const destination = parseIP(answer?.from ? '10.0.0.2' : 'fd00::2')
    assert.deepEqual(answer?.failure, { code, reason, destination })
  }
})

test('readAnswer() finds the request where an error quotes no more than eight bytes of it', () => {
  const quoted = ipv4(writeEchoRequest(4, echo).subarray(0, 8))
  const answer = readAnswer(4, ipv4(icmp(3, 1, Uint8Array.of(0, 0, 0, 0, ...quoted))))
  assert.deepEqual(answer?.echo, { ...echo, data: new Uint8Array() })
  assert.equal(answer?.failure?.reason, 'host unreachable')
})

test('readAnswer() passes over what answers no echo request', () => {
  const broken = replyTo(4)
  broken[8] = 99
  const others = {
    'a request': ipv4(writeEchoRequest(4, echo)),
    'a wrong checksum': ipv4(broken),
    'another protocol': ipv4(replyTo(4), { protocol: 17 }),
    'another IP version': ipv6(replyTo(6)),
    'a redirect': ipv4(icmp(5, 1, Uint8Array.of(10, 0, 0, 3, ...ipv4(writeEchoRequest(4, echo))))),
    'an error about UDP': ipv4(
      icmp(3, 3, Uint8Array.of(0, 0, 0, 0, ...ipv4(writeEchoRequest(4, echo), { protocol: 17 }))),
    ),
    'an error about a reply': ipv4(icmp(3, 1, Uint8Array.of(0, 0, 0, 0, ...ipv4(replyTo(4))))),
    'a header shorter than there are': Uint8Array.of(
      0x41,
      0,
      0,
      0,
      ...icmp(0, 0, Uint8Array.of(0x12, 1, 0, 7, 1, 2, 3, 4, 5, 6, 7, 8)),
    ),
    'a neighbour solicitation': ipv4(icmp(135, 0, new Uint8Array(20))),
  }
  for (const [what, packet] of Object.entries(others)) assert.equal(readAnswer(4, packet), undefined, what)
  assert.equal(readAnswer(6, writeEchoRequest(6, echo)), undefined)
})

test('readAnswer() survives any bytes', () => {
  const error = icmp(3, 1, Uint8Array.of(0, 0, 0, 0, ...ipv4(writeEchoRequest(4, echo))))
  const error6 = icmp(1, 0, Uint8Array.of(0, 0, 0, 0, ...ipv6(writeEchoRequest(6, echo))))
  const samples = [ipv4(error), error6, ipv4(replyTo(4), { options: 12 }), replyTo(6), error]
  forAll((random) => {
    const sample = random.pick(samples)
    const bytes = sample.slice(0, random.below(sample.length + 1))
    for (let change = random.below(4); change > 0 && bytes.length > 0; change--)
      bytes[random.below(bytes.length)] = random.below(256)
    for (const version of [4, 6] as const) readAnswer(version, bytes)
  }, 20_000)
})
