import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseCIDR, parseIP } from '@patchbay/address'
import type { NetlinkRequest } from '../../src/netlink/index.ts'
import { HEADER_BYTES, Writer } from '../../src/netlink/raw.ts'
import { decodeElements, hasDuplicates, putElementRequests, type RawElement } from '../../src/nftables/element.ts'
import {
  ifname,
  inetService,
  ipv4Addr,
  ipv6Addr,
  namedMap,
  namedSet,
  rangeOf,
  verdict,
} from '../../src/nftables/index.ts'
import { elementMessage } from '../../src/nftables/raw.ts'

const table = { family: 'inet', name: 't' } as const

/** What a kernel would hold after these requests. */
function stored(requests: readonly NetlinkRequest[]): RawElement[] {
  return requests.flatMap((request) => {
    const w = new Writer()
    request.write(w)
    assert.ok(w.length + HEADER_BYTES < 65536)
    return elementMessage.read(w.finish()).elements ?? []
  })
}

test('putElementRequests() ends a range with the first key behind it, and leaves one open that nothing is behind', () => {
  const set = namedSet({ table, name: 's', key: ipv4Addr, interval: true })
  const all = ['10.0.0.0/8', '11.0.0.0/8', '255.0.0.0/8'].map((text) => rangeOf(parseCIDR(text)))
  const raw = stored(putElementRequests(set, all, 'add'))
  assert.deepEqual(
    raw.map(({ key, flags = 0 }) => [parseIP([...(key?.value ?? [])].join('.')).toString(), flags]),
    [
      ['10.0.0.0', 0],
      ['11.0.0.0', 1],
      ['11.0.0.0', 0],
      ['12.0.0.0', 1],
      ['255.0.0.0', 0],
    ],
  )
  assert.deepEqual(
    decodeElements(set, raw.toReversed()).map(({ key, end }) => `${key}-${end}`),
    ['10.0.0.0-10.255.255.255', '11.0.0.0-11.255.255.255', '255.0.0.0-255.255.255.255'],
  )
})

test('putElementRequests() splits what does not fit into one message', () => {
  const map = namedMap({ table, name: 'm', key: [ipv6Addr, ifname, ifname], data: 'verdict', interval: true })
  const elements = Array.from({ length: 1000 }, (_, index) => ({
    key: [parseIP(`fd00::${index.toString(16)}`), 'a'.repeat(15), 'b'.repeat(15)] as const,
    data: verdict.jump('c'.repeat(255)),
    comment: 'd'.repeat(128),
  }))
  const requests = putElementRequests(map, elements, 'add')
  assert.deepEqual(decodeElements(map, stored(requests)), elements)
})

test('putElementRequests() refuses values that are none of the type', () => {
  const set = namedSet({ table, name: 's', key: [ipv4Addr, inetService] })
  const put = (address: string, port: number) => () =>
    putElementRequests(set, [{ key: [parseIP(address), port] }], 'add')
  assert.throws(put('fd00::1', 1), { name: 'RangeError', message: 'Cannot encode fd00::1: not an IPv4 address' })
  assert.throws(put('1.2.3.4', 65536), RangeError)
  const names = namedSet({ table, name: 's', key: ifname })
  assert.throws(() => putElementRequests(names, [{ key: 'sixteen-letters-' }], 'add'), RangeError)
})

test('putElementRequests() takes comments of 128 bytes, and refuses longer ones', () => {
  const set = namedSet({ table, name: 's', key: inetService })
  const put = (comment: string) => decodeElements(set, stored(putElementRequests(set, [{ key: 1, comment }], 'add')))
  assert.equal(put('é'.repeat(64))[0]?.comment, 'é'.repeat(64))
  assert.throws(() => put(`${'é'.repeat(64)}x`), { name: 'RangeError', message: /129 bytes: more than 128/ })
  assert.throws(() => put('a\0b'), RangeError)
})

test('hasDuplicates() tells a list with one element twice from one where a range ends as the next begins', () => {
  const set = namedSet({ table, name: 's', key: ipv4Addr, interval: true })
  const all = ['10.0.0.0/8', '11.0.0.0/8'].map((text) => rangeOf(parseCIDR(text)))
  const raw = stored(putElementRequests(set, all, 'add'))
  assert.equal(hasDuplicates(raw), false)
  assert.equal(hasDuplicates([...raw, ...raw.slice(2, 3)]), true)
})
