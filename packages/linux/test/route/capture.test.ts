import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseIP } from '@patchbay/address'
import { addressMessage, decodeAddress, decodeRoute, neighbourMessage, routeMessage } from '../../src/route/raw.ts'
import { bytesOf } from '../bytes.ts'
import { checkCapture, messageOf, plain, readCapture } from './capture.ts'

test('addressMessage reads and keeps an IPv4 address', () => {
  checkCapture('address/ipv4', addressMessage, {
    header: { family: 2, prefixlen: 24, flags: 0, scope: 253, index: 40 },
    attributes: {
      address: '10.1.2.99',
      local: '10.1.2.3',
      label: 'v0:web',
      broadcast: '10.1.2.254',
      cacheinfo: { prefered: 3000, valid: 4000 },
      flags: 0x200,
      rtPriority: 77,
    },
  })
})

test('addressMessage reads and keeps an IPv6 address', () => {
  checkCapture('address/ipv6', addressMessage, {
    header: { family: 10, prefixlen: 64, flags: 0x92, scope: 0, index: 40 },
    attributes: {
      address: 'fd00:1::2',
      local: 'fd00::1',
      cacheinfo: { prefered: 4294967295, valid: 4294967295 },
      flags: 0x192,
      rtPriority: 88,
    },
  })
})

test('decodeAddress() tells the own address from the other end, and for ever from a lifetime', () => {
  const read = (name: string) => plain(decodeAddress(addressMessage.read(messageOf(readCapture(name)).body)))
  assert.deepEqual(read('address/ipv4'), {
    index: 40,
    address: '10.1.2.3/24',
    peer: '10.1.2.99',
    broadcast: '10.1.2.254',
    label: 'v0:web',
    scope: 253,
    flags: 0x200,
    lifetimes: { preferred: 3000, valid: 4000 },
  })
  assert.deepEqual(read('address/ipv6'), {
    index: 40,
    address: 'fd00::1/64',
    peer: 'fd00:1::2',
    scope: 0,
    flags: 0x192,
  })
})

test('routeMessage reads and keeps several ways of one route', () => {
  checkCapture('route/multipath', routeMessage, {
    header: { family: 2, dstLen: 16, table: 254, protocol: 3, scope: 0, type: 1, flags: 0 },
    attributes: {
      dst: '192.168.0.0',
      priority: 50,
      table: 254,
      multipath: [
        { flags: 0, hops: 2, ifindex: 40, gateway: '10.0.0.2' },
        { flags: 4, hops: 9, ifindex: 50, gateway: '10.0.1.2' },
      ],
    },
  })
  checkCapture('route/multipath6', routeMessage, {
    header: { family: 10, dstLen: 48, protocol: 4 },
    attributes: {
      dst: 'fd77::',
      priority: 51,
      multipath: [
        { flags: 0, hops: 3, ifindex: 40, gateway: 'fd00::2' },
        { flags: 0, hops: 8, ifindex: 50, gateway: 'fd00:1::2' },
      ],
    },
  })
})

test('routeMessage refuses next hops whose lengths do not fit', () => {
  for (const length of ['00', '07', '09', 'ff']) {
    const hop = bytesOf(`02000000 fe030001 00000000 0c000900 ${length}000000 01000000`)
    assert.throws(() => routeMessage.read(hop), { name: 'DecodeError', path: 'multipath' }, length)
  }
  assert.equal(
    routeMessage.read(bytesOf('02000000 fe030001 00000000 0c000900 08000000 01000000')).attributes.multipath?.length,
    1,
  )
})

test('routeMessage reads and keeps every metric of a route', () => {
  checkCapture('route/metrics', routeMessage, {
    header: { family: 2, dstLen: 12 },
    attributes: {
      dst: '172.16.0.0',
      gateway: '10.0.0.2',
      oif: 40,
      metrics: {
        // bits of mtu, cwnd and of the congestion control
        lock: (1 << 2) | (1 << 7) | (1 << 13),
        mtu: 1300,
        window: 5000,
        // eighths and quarters of a millisecond
        rtt: 8 * 40,
        rttvar: 4 * 20,
        ssthresh: 6,
        cwnd: 7,
        advmss: 1260,
        reordering: 9,
        hoplimit: 33,
        initcwnd: 11,
        features: 1,
        rtoMin: 50,
        initrwnd: 14,
        quickack: 1,
        ccAlgo: 'reno',
        fastopenNoCookie: 1,
      },
    },
  })
})

test('routeMessage reads and keeps an IPv4 route by an IPv6 gateway', () => {
  checkCapture('route/via-inet6', routeMessage, {
    header: { family: 2, dstLen: 24, tos: 8, table: 252, protocol: 4 },
    attributes: { dst: '172.31.0.0', via: 'fd00::2', oif: 40, prefsrc: '10.0.0.1', priority: 42, table: 1000 },
  })
})

test('routeMessage reads and keeps an IPv6 route', () => {
  checkCapture('route/ipv6', routeMessage, {
    header: { family: 10, dstLen: 64, srcLen: 48, protocol: 16 },
    attributes: {
      dst: 'fd99::',
      src: 'fd98::',
      gateway: 'fd00::2',
      oif: 40,
      priority: 43,
      metrics: { mtu: 1290 },
      cacheinfo: { expires: 50000 },
      pref: 1,
    },
  })
})

test('decodeRoute() has the table in full, the source as a prefix, and the default route as a prefix of length 0', () => {
  const read = (name: string) => plain(decodeRoute(routeMessage.read(messageOf(readCapture(name)).body)))
  assert.deepEqual(read('route/via-inet6'), {
    dst: '172.31.0.0/24',
    table: 1000,
    protocol: 4,
    scope: 0,
    type: 1,
    flags: 0,
    tos: 8,
    via: 'fd00::2',
    prefsrc: '10.0.0.1',
    oif: 40,
    priority: 42,
  })
  const { dst, src } = decodeRoute(routeMessage.read(messageOf(readCapture('route/ipv6')).body)) ?? {}
  assert.deepEqual([String(dst), String(src)], ['fd99::/64', 'fd98::/48'])
  for (const [family, text] of [
    [2, '0.0.0.0/0'],
    [10, '::/0'],
  ] as const) {
    const route = decodeRoute({ header: { ...emptyHeader, family }, attributes: {} })
    assert.equal(String(route?.dst), text)
  }
})

const emptyHeader = { family: 0, dstLen: 0, srcLen: 0, tos: 0, table: 254, protocol: 0, scope: 0, type: 1, flags: 0 }

test('decodeRoute() has no value for routes that are none of IPv4 and IPv6', () => {
  const label = { dst: parseIP('0.1.2.3') }
  assert.equal(decodeRoute({ header: { ...emptyHeader, family: 28, dstLen: 20 }, attributes: label }), undefined)
  assert.equal(decodeRoute({ header: { ...emptyHeader, family: 2, dstLen: 33 }, attributes: label }), undefined)
  checkCapture('route/unreachable-mapped', routeMessage, {
    header: { family: 10, dstLen: 96, type: 7 },
    attributes: { dst: undefined, priority: 1024, oif: 1 },
  })
  assert.equal(decodeRoute(routeMessage.read(messageOf(readCapture('route/unreachable-mapped')).body)), undefined)
})

test('neighbourMessage reads and keeps entries of both IP versions', () => {
  checkCapture('neighbour/ipv4', neighbourMessage, {
    header: { family: 2, ifindex: 40, state: 128, flags: 128, type: 1 },
    attributes: { dst: '10.0.0.7', lladdr: '02:00:00:00:00:77', protocol: 4, cacheinfo: { refcnt: 0 } },
  })
  checkCapture('neighbour/ipv6', neighbourMessage, {
    header: { family: 10, ifindex: 40, state: 1, flags: 0 },
    attributes: { dst: 'fd00::7', lladdr: undefined, flagsExt: 1 },
  })
  checkCapture('neighbour/proxy', neighbourMessage, {
    header: { family: 2, ifindex: 40, state: 0, flags: 8 },
    attributes: { dst: '10.0.0.9' },
  })
})

test('neighbourMessage reads and keeps forwarding entries of a bridge and of a vxlan', () => {
  checkCapture('neighbour/bridge', neighbourMessage, {
    header: { family: 7, ifindex: 40, state: 64, flags: 0 },
    attributes: { lladdr: '02:00:00:00:00:98', master: 70, flagsExt: 0 },
  })
  checkCapture('neighbour/vxlan', neighbourMessage, {
    header: { family: 7, ifindex: 60, state: 192, flags: 2 },
    attributes: { dst: '10.0.0.2', lladdr: '02:00:00:00:00:99', port: 4790, vni: 8, ifindex: 40 },
  })
})
