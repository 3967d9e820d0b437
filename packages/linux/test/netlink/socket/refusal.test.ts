import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MAC, parseCIDR, parseIP } from '@patchbay/address'
import { NetlinkError, type NetlinkRequest } from '../../../src/netlink/index.ts'
import { HEADER_BYTES, Writer } from '../../../src/netlink/raw.ts'
import { addAddressRequest, addLinkRequest, addRouteRequest, setLinkRequest } from '../../../src/route/index.ts'
import { datagram, type FakeMessage } from '../../../src/testing/index.ts'
import { hexOf } from '../../bytes.ts'
import { acknowledgement, done, transaction } from './played-kernel.ts'

function refusalOf(request: NetlinkRequest, answer: FakeMessage): NetlinkError {
  const played = transaction('acknowledged', [request])
  played.accept(datagram(answer))
  try {
    played.result()
  } catch (error) {
    if (error instanceof NetlinkError) return error
  }
  throw new Error('not refused')
}

/** `NLMSGERR_ATTR_MSG` "no" and `NLMSGERR_ATTR_OFFS`. */
function extack(offset: number): string {
  return `07000100 6e6f0000 08000200 ${hexOf(Uint8Array.of(offset & 0xff, offset >> 8, 0, 0))}`
}

/** Where in a request the bytes stand, from the start of its netlink header. */
function offsetOf(request: NetlinkRequest, bytes: string): number {
  const w = new Writer()
  request.write(w)
  const at = hexOf(w.finish()).replaceAll(' ', '').indexOf(bytes.replaceAll(' ', ''))
  assert.ok(at >= 0, `${bytes} is not in the request`)
  return at / 2 + HEADER_BYTES
}

test('NetlinkError says what was refused, why, and under which number', () => {
  const error = refusalOf(addLinkRequest({ ifname: 'a' }), acknowledgement(101, -17))
  const { name, operation, errno, code, sequence, position, extack, message, reason } = error
  assert.deepEqual(
    { name, operation, errno, code, sequence, position, extack, message, reason },
    {
      name: 'NetlinkError',
      operation: 'RTM_NEWLINK',
      errno: 17,
      code: 'EEXIST',
      sequence: 101,
      position: 0,
      extack: undefined,
      message: 'RTM_NEWLINK (link "a"): file exists',
      reason: 'file exists',
    },
  )
})

test('NetlinkError is that of the first request refused, and says which it was', () => {
  const requests = ['a', 'b', 'c'].map((ifname) => addLinkRequest({ ifname }))
  const played = transaction('acknowledged', requests)
  played.accept(datagram(acknowledgement(101, 0), acknowledgement(102, -17), acknowledgement(103, -1)))
  assert.equal(played.done, true)
  assert.throws(() => played.result(), { code: 'EEXIST', sequence: 102, position: 1 })
})

test('NetlinkError names the attribute that the kernel means', () => {
  const link = addLinkRequest({
    ifname: 'v0',
    mtu: 1400,
    linkinfo: {
      link: { kind: 'veth', data: { peer: { ifname: 'eth0', mtu: 5, address: MAC.parse('02:00:00:00:00:01') } } },
    },
  })
  const rows: [NetlinkRequest, string, string][] = [
    [link, '08000400 78050000', 'IFLA.mtu'],
    [link, '09000100 76657468', 'IFLA.linkinfo.link.kind'],
    [link, '08000400 05000000', 'IFLA.linkinfo.link.data.peer.mtu'],
    [link, '0a000100 02000000 0001', 'IFLA.linkinfo.link.data.peer.address'],
    [
      setLinkRequest(7, { linkinfo: { port: { kind: 'bridge', data: { isolated: true } } } }),
      '05002100',
      'IFLA.linkinfo.port.data.isolated',
    ],
    [addRouteRequest({ dst: parseCIDR('10.0.0.0/8'), metrics: { mtu: 7 } }), '08000200 07000000', 'RTA.metrics.mtu'],
    [
      addAddressRequest({ index: 1, address: parseCIDR('10.0.0.1/8'), peer: parseIP('10.9.9.9') }),
      '08000100 0a090909',
      'IFA.address',
    ],
  ]
  for (const [request, bytes, path] of rows) {
    const offset = offsetOf(request, bytes)
    const error = refusalOf(request, acknowledgement(101, -34, extack(offset)))
    assert.deepEqual(error.extack, { message: 'no', offset, path })
    assert.equal(error.reason, `numerical result out of range: no (${path})`)
  }
})

test('NetlinkError has no path for an offset in the header or outside', () => {
  for (const offset of [0, 20, 5000]) {
    const error = refusalOf(addLinkRequest({ ifname: 'a' }), acknowledgement(101, -22, extack(offset)))
    assert.deepEqual(error.extack, { message: 'no', offset })
    assert.equal(error.message, 'RTM_NEWLINK (link "a"): invalid argument: no')
  }
})

test('NetlinkError has the range that the kernel accepts', () => {
  const policy = '24000480 08000100 04000000 0c000400 44000000 00000000 0c000500 ffff0000 00000000'
  const error = refusalOf(addLinkRequest({ ifname: 'a' }), acknowledgement(101, -34, policy))
  assert.deepEqual(error.extack, { policy: { type: 4, minValueU: 68n, maxValueU: 65535n } })
})

test('NetlinkError says which attribute was missing', () => {
  const error = refusalOf(addLinkRequest({ ifname: 'a' }), acknowledgement(101, -22, '08000500 12000000'))
  assert.deepEqual(error.extack, { missing: 18 })
  assert.equal(error.message, 'RTM_NEWLINK (link "a"): invalid argument (attribute 18 is missing)')
})

test('NetlinkError keeps its number when what comes with it is malformed', () => {
  for (const malformed of ['ff000100 6e6f0000', '05000200 01000000', 'ffff']) {
    const error = refusalOf(addLinkRequest({ ifname: 'a' }), acknowledgement(101, -17, malformed))
    assert.equal(error.code, 'EEXIST')
    assert.equal(error.extack, undefined)
  }
})

test('NetlinkError of a list comes with its end', () => {
  const played = transaction('dump')
  played.accept(datagram(done(101, `feffffff ${extack(36)}`, 0x202)))
  assert.equal(played.done, true)
  assert.throws(() => played.result(), { code: 'ENOENT', extack: { message: 'no', offset: 36, path: 'IFLA.ifname' } })
})

test('NetlinkError gives a number without a name as it is', () => {
  assert.equal(refusalOf(addLinkRequest({ ifname: 'a' }), acknowledgement(101, -524)).code, 'E524')
})
