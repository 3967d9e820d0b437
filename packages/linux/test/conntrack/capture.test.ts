import assert from 'node:assert/strict'
import { test } from 'node:test'
import { IPS, TCP_CONNTRACK } from '../../src/conntrack/index.ts'
import { connectionMessage, decodeConnection } from '../../src/conntrack/raw.ts'
import { checkCapture, messageOf, plain, readCapture } from '../route/capture.ts'

test('connectionMessage reads and keeps UDP with another destination', () => {
  checkCapture('conntrack/udp-nat', connectionMessage, {
    header: { family: 2, version: 0, resId: 0 },
    attributes: {
      tupleOrig: { ip: { v4Src: '10.0.0.1', v4Dst: '10.0.0.9' }, proto: { num: 'udp', srcPort: 60131, dstPort: 53 } },
      tupleReply: {
        ip: { v4Src: '127.0.0.1', v4Dst: '10.0.0.1' },
        proto: { num: 'udp', srcPort: 5300, dstPort: 60131 },
      },
      status: IPS.CONFIRMED | IPS.DST_NAT | IPS.SRC_NAT_DONE | IPS.DST_NAT_DONE,
      mark: 7,
      id: 2576017949,
      use: 1,
      timeout: 29,
      countersOrig: { packets: 1, bytes: 33 },
      labels: '20000000000000000000000000000000',
    },
  })
})

test('connectionMessage reads when a connection began, in nanoseconds', () => {
  const { attributes } = connectionMessage.read(messageOf(readCapture('conntrack/udp-nat')).body)
  const milliseconds = Number((attributes.timestamp?.start ?? 0n) / 1_000_000n)
  assert.equal(new Date(milliseconds).toISOString().slice(0, 19), '2026-11-24T09:58:16')
})

test('connectionMessage reads and keeps the state of TCP', () => {
  checkCapture('conntrack/tcp', connectionMessage, {
    attributes: {
      tupleOrig: { proto: { num: 'tcp', srcPort: 1025, dstPort: 80 } },
      status: IPS.CONFIRMED | IPS.ASSURED | IPS.SEEN_REPLY,
      mark: 7,
      id: 2610847457,
      timeout: 99,
      protoinfo: { tcp: { state: TCP_CONNTRACK.ESTABLISHED, flagsOriginal: { flags: 10 }, flagsReply: { flags: 10 } } },
    },
  })
})

test('connectionMessage reads and keeps SCTP', () => {
  checkCapture('conntrack/sctp', connectionMessage, {
    attributes: {
      tupleOrig: { proto: { num: 'sctp', srcPort: 1027, dstPort: 36412 } },
      protoinfo: { sctp: { state: 4 } },
    },
  })
})

test('connectionMessage reads and keeps IPv6 in a zone', () => {
  checkCapture('conntrack/udp6-zone', connectionMessage, {
    header: { family: 10 },
    attributes: { tupleOrig: { ip: { v6Src: 'fd00::1', v6Dst: 'fd00::2' } }, zone: 5, id: 3534154141 },
  })
})

test('connectionMessage reads and keeps what ICMP has instead of ports', () => {
  checkCapture('conntrack/icmp', connectionMessage, {
    attributes: {
      tupleOrig: { proto: { num: 'icmp', icmpType: 8, icmpCode: 0, icmpId: 77 } },
      tupleReply: { proto: { num: 'icmp', icmpType: 0, icmpCode: 0, icmpId: 77 } },
    },
  })
  checkCapture('conntrack/icmpv6', connectionMessage, {
    attributes: {
      tupleOrig: { proto: { num: 'icmpv6', icmpv6Type: 128, icmpv6Code: 0, icmpv6Id: 78 } },
      tupleReply: { proto: { num: 'icmpv6', icmpv6Type: 129, icmpv6Code: 0, icmpv6Id: 78 } },
    },
  })
})

test('decodeConnection() says what both directions are', () => {
  const read = (name: string) => plain(decodeConnection(connectionMessage.read(messageOf(readCapture(name)).body)))
  assert.deepEqual(read('conntrack/tcp'), {
    family: 4,
    original: { source: '10.0.0.1', destination: '10.0.0.2', protocol: 'tcp', sourcePort: 1025, destinationPort: 80 },
    reply: { source: '10.0.0.2', destination: '10.0.0.1', protocol: 'tcp', sourcePort: 80, destinationPort: 1025 },
    mark: 7,
    status: 14,
    timeout: 99,
    tcpState: 3,
    counters: { original: { packets: 0, bytes: 0 }, reply: { packets: 0, bytes: 0 } },
    id: 2610847457,
  })
  assert.deepEqual(read('conntrack/icmpv6'), {
    family: 6,
    original: { source: 'fd00::1', destination: 'fd00::2', protocol: 'icmpv6', icmp: { type: 128, code: 0, id: 78 } },
    reply: { source: 'fd00::2', destination: 'fd00::1', protocol: 'icmpv6', icmp: { type: 129, code: 0, id: 78 } },
    mark: 0,
    status: 8,
    timeout: 99,
    counters: { original: { packets: 0, bytes: 0 }, reply: { packets: 0, bytes: 0 } },
    id: 4264882052,
  })
})

test('decodeConnection() gives nothing for a message that lacks a direction', () => {
  const message = connectionMessage.read(messageOf(readCapture('conntrack/tcp')).body)
  const { tupleReply: _, ...attributes } = message.attributes
  assert.equal(decodeConnection({ ...message, attributes }), undefined)
})
