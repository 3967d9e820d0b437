import assert from 'node:assert/strict'
import type { NetlinkRequest, NetlinkSocket } from '../../src/netlink/index.ts'
import { attributesOf, littleEndian, NLA_F_NESTED } from '../../src/netlink/raw.ts'
import { Transaction } from '../../src/netlink/socket/transaction.ts'
import { hexOf } from '../bytes.ts'
import { messageOf, readCapture } from './capture.ts'

/** The request that a function sends when it is given a socket. */
export async function requestOf(call: (socket: NetlinkSocket) => Promise<unknown>): Promise<NetlinkRequest> {
  const sent: NetlinkRequest[] = []
  const take = async (requests: NetlinkRequest | readonly NetlinkRequest[]): Promise<NetlinkRequest[]> => {
    sent.push(...('write' in requests ? [requests] : requests))
    return []
  }
  // Of a socket, functions that only send need no more.
  await call({ request: take, requestSlow: take } as unknown as NetlinkSocket)
  const [request, ...more] = sent
  if (request === undefined || more.length > 0) throw new Error(`${sent.length} requests instead of one`)
  return request
}

/** What follows the netlink header: bytes of the fixed header by message type, `<linux/rtnetlink.h>`. */
const fixedHeader: Record<number, number> = { 16: 16, 17: 16, 19: 16, 20: 8, 21: 8, 24: 12, 25: 12, 28: 12, 29: 12 }

/**
 * Checks that a request is what `ip` or `bridge` sent for a captured command: the same message type, flags, fixed header
 * and attributes.
 *
 * What does not matter to the kernel is not compared: the sequence number; the order of attributes of different types,
 * which it sorts into an array by type; whether a nested attribute says so, which these commands leave out; the NUL at the
 * end of a link's kind, which they leave out as well; and the destination `::` of a default route.
 */
export function assertSendsAs(name: string, request: NetlinkRequest): void {
  const { bytes } = new Transaction('acknowledged', [request], { nextSequence: () => 1 })
  assert.deepEqual(comparable(bytes, nestedTypes(bytes)), comparable(readCapture(name), nestedTypes(bytes)), name)
}

interface Comparable {
  type: number
  flags: number
  header: string
  attributes: string[]
}

function comparable(bytes: Uint8Array, nested: ReadonlySet<string>): Comparable {
  const { type, flags, body } = messageOf(bytes)
  const start = fixedHeader[type] ?? 0
  const attributes = lines(body.subarray(start), nested, '')
  return { type, flags, header: hexOf(body.subarray(0, start)), attributes: attributes.filter(isSomething) }
}

/** Whether a line is more than a destination of no length, which `ip` writes out for IPv6. */
function isSomething(line: string): boolean {
  return line !== '1 00000000 00000000 00000000 00000000'
}

/** `18.2.1 05000000`: path of the numbers, and payload. Equal numbers keep their order, which may mean something. */
function lines(list: Uint8Array, nested: ReadonlySet<string>, prefix: string): string[] {
  const sorted = [...attributesOf(list)].sort((a, b) => a.type - b.type)
  return sorted.flatMap(({ type, payload }) => {
    const path = `${prefix}${type}`
    if (path === vethPeer && payload.length > linkHeader)
      return [
        `${path} ${hexOf(payload.subarray(0, linkHeader))}`,
        ...lines(payload.subarray(linkHeader), nested, `${path}.`),
      ]
    if (nested.has(path)) return [`${path} {`, ...lines(payload, nested, `${path}.`), '}']
    return [`${path} ${hexOf(kinds.has(path) ? withoutNul(payload) : payload)}`]
  })
}

/** `VETH_INFO_PEER`, a whole link; no other kind has that much under its number. */
const vethPeer = '18.2.1'
const linkHeader = 16

/** `IFLA_LINKINFO` with `IFLA_INFO_KIND` and `IFLA_INFO_SLAVE_KIND`. */
const kinds = new Set(['18.1', '18.4'])

function withoutNul(text: Uint8Array): Uint8Array {
  return text.at(-1) === 0 ? text.subarray(0, -1) : text
}

/** Paths of the attributes that our own message says to be nested. */
function nestedTypes(bytes: Uint8Array): Set<string> {
  const { type, body } = messageOf(bytes)
  const found = new Set<string>()
  const search = (list: Uint8Array, prefix: string): void => {
    const view = new DataView(list.buffer, list.byteOffset)
    for (const attribute of attributesOf(list)) {
      if (!(view.getUint16(attribute.offset + 2, littleEndian) & NLA_F_NESTED)) continue
      found.add(`${prefix}${attribute.type}`)
      search(attribute.payload, `${prefix}${attribute.type}.`)
    }
  }
  search(body.subarray(fixedHeader[type] ?? 0), '')
  return found
}
