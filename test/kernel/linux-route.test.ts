import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseCIDR, parseIP } from '@patchbay/address'
import {
  addRoute,
  deleteRoute,
  getLink,
  getRoute,
  listRoutes,
  type Route,
  RT_SCOPE,
  RTN,
  RTPROT,
} from '@patchbay/linux/route'
import { type TestNamespace, withNamespaces } from '../lab/namespace-fixture.ts'
import { assertShows, ip, ipJson, type JsonObject } from '../lab/witness.ts'

interface Router extends TestNamespace {
  /** Index of `v0`, with 10.0.0.1/24 and fd00::1/64. */
  readonly v0: number
  /** Index of `v1`, with 10.0.1.1/24 and fd00:1::1/64. */
  readonly v1: number
}

/** Runs `work` in a namespace with two links that are up and have addresses. */
function withRouter(work: (router: Router) => Promise<void>): Promise<void> {
  return withNamespaces(['router'], async ({ router }) => {
    ip(router, 'link', 'add', 'v0', 'type', 'veth', 'peer', 'name', 'v1')
    for (const [number, dev] of ['v0', 'v1'].entries()) {
      ip(router, 'link', 'set', dev, 'up')
      ip(router, 'address', 'add', `10.0.${number}.1/24`, 'dev', dev)
      ip(router, 'address', 'add', `fd00:${number}::1/64`, 'dev', dev, 'nodad')
    }
    const [v0, v1] = [await getLink(router.socket, 'v0'), await getLink(router.socket, 'v1')]
    await work({ ...router, v0: v0.index, v1: v1.index })
  })
}

function routesTo(router: TestNamespace, destination: string, ...more: string[]): JsonObject[] {
  const family = destination.includes(':') ? '-6' : '-4'
  return ipJson(router, family, 'route', 'show', 'table', 'all', 'exact', destination, ...more)
}

const gateways = { 4: parseIP('10.0.0.9'), 6: parseIP('fd00:0::9') }

test('addRoute() adds default routes', () =>
  withRouter(async (router) => {
    for (const [version, text] of [
      [4, '0.0.0.0/0'],
      [6, '::/0'],
    ] as const) {
      await addRoute(router.socket, { dst: parseCIDR(text), gateway: gateways[version], oif: router.v0 })
      const expected = { dst: 'default', gateway: String(gateways[version]), dev: 'v0', protocol: 'boot' }
      assertShows(ipJson(router, `-${version}`, 'route', 'show', 'default'), [expected])
    }
  }))

test('addRoute() adds a route with everything that is said of it', () =>
  withRouter(async (router) => {
    await addRoute(router.socket, {
      dst: parseCIDR('192.168.7.9/24'),
      gateway: gateways[4],
      oif: router.v0,
      prefsrc: parseIP('10.0.0.1'),
      priority: 5,
      table: 1000,
      protocol: RTPROT.STATIC,
      tos: 8,
      metrics: { mtu: 1300, advmss: 1260, hoplimit: 9 },
    })
    assertShows(routesTo(router, '192.168.7.0/24'), [
      {
        table: '1000',
        gateway: '10.0.0.9',
        dev: 'v0',
        prefsrc: '10.0.0.1',
        metric: 5,
        protocol: 'static',
        tos: '0x08',
        metrics: [{ mtu: 1300, advmss: 1260, hoplimit: 9 }],
      },
    ])
  }))

test('addRoute() adds on-link, unreachable and IPv4-by-IPv6 routes', () =>
  withRouter(async (router) => {
    await addRoute(router.socket, { dst: parseCIDR('192.168.1.0/24'), oif: router.v1, scope: RT_SCOPE.LINK })
    assertShows(routesTo(router, '192.168.1.0/24'), [{ dev: 'v1', scope: 'link' }])
    await addRoute(router.socket, { dst: parseCIDR('192.168.2.0/24'), type: RTN.UNREACHABLE })
    assertShows(routesTo(router, '192.168.2.0/24'), [{ type: 'unreachable' }])
    await addRoute(router.socket, { dst: parseCIDR('192.168.3.0/24'), via: gateways[6], oif: router.v0 })
    assertShows(routesTo(router, '192.168.3.0/24'), [{ via: { family: 'inet6', host: 'fd00::9' }, dev: 'v0' }])
    await addRoute(router.socket, {
      dst: parseCIDR('192.168.4.0/24'),
      gateway: parseIP('10.77.0.1'),
      oif: router.v0,
      flags: 4,
    })
    assertShows(routesTo(router, '192.168.4.0/24'), [{ gateway: '10.77.0.1', flags: ['onlink'] }])
  }))

test('addRoute() adds several ways of one route', () =>
  withRouter(async (router) => {
    for (const [dst, hops] of [
      ['192.168.9.0/24', ['10.0.0.9', '10.0.1.9']],
      ['fd77::/48', ['fd00::9', 'fd00:1::9']],
    ] as const) {
      const multipath = [
        { ifindex: router.v0, gateway: parseIP(hops[0]), hops: 2 },
        { ifindex: router.v1, gateway: parseIP(hops[1]), hops: 8 },
      ]
      await addRoute(router.socket, { dst: parseCIDR(dst), multipath })
      assertShows(routesTo(router, dst), [
        {
          nexthops: [
            { gateway: hops[0], dev: 'v0', weight: 3 },
            { gateway: hops[1], dev: 'v1', weight: 9 },
          ],
        },
      ])
      const [route] = (await listRoutes(router.socket)).filter((each) => String(each.dst) === dst)
      assert.deepEqual(
        route?.multipath?.map(({ gateway, hops }) => [String(gateway), hops]),
        [
          [hops[0], 2],
          [hops[1], 8],
        ],
      )
    }
  }))

test('addRoute() fails, replaces or appends where there is a route already', () =>
  withRouter(async (router) => {
    const route: Route = { dst: parseCIDR('192.168.8.0/24'), gateway: gateways[4], oif: router.v0 }
    const other: Route = { ...route, gateway: parseIP('10.0.1.9'), oif: router.v1 }
    await addRoute(router.socket, route)
    await assert.rejects(addRoute(router.socket, other), { operation: 'RTM_NEWROUTE', code: 'EEXIST' })
    assertShows(routesTo(router, '192.168.8.0/24'), [{ dev: 'v0' }])
    await addRoute(router.socket, other, 'replace')
    assertShows(routesTo(router, '192.168.8.0/24'), [{ dev: 'v1' }])
    await addRoute(router.socket, route, 'append')
    assertShows(routesTo(router, '192.168.8.0/24'), [{ dev: 'v1' }, { dev: 'v0' }])
    await assert.rejects(addRoute(router.socket, route, 'append'), { code: 'EEXIST' })
  }))

test('addRoute() fails with ENETUNREACH for a gateway that no link reaches', () =>
  withRouter(async (router) => {
    const route = { dst: parseCIDR('192.168.8.0/24'), gateway: parseIP('10.99.0.1') }
    await assert.rejects(addRoute(router.socket, route), {
      code: 'ENETUNREACH',
      message: 'RTM_NEWROUTE (route 192.168.8.0/24 via 10.99.0.1): network is unreachable: Nexthop has invalid gateway',
    })
    assert.deepEqual(routesTo(router, '192.168.8.0/24'), [])
  }))

test('deleteRoute() takes the first route that agrees, and fails with ESRCH when there is none', () =>
  withRouter(async (router) => {
    for (const [text, version] of [
      ['192.168.8.0/24', 4],
      ['fd88::/64', 6],
    ] as const) {
      const dst = parseCIDR(text)
      for (const metric of ['5', '6'])
        ip(
          router,
          `-${version}`,
          'route',
          'add',
          text,
          'via',
          String(gateways[version]),
          'dev',
          'v0',
          'metric',
          metric,
          'proto',
          'dhcp',
        )
      await deleteRoute(router.socket, { dst, priority: 6 })
      assertShows(routesTo(router, text), [{ metric: 5 }])
      await deleteRoute(router.socket, { dst, gateway: gateways[version] })
      assert.deepEqual(routesTo(router, text), [])
      await assert.rejects(deleteRoute(router.socket, { dst }), { operation: 'RTM_DELROUTE', code: 'ESRCH' })
    }
  }))

test('listRoutes() lists a table, without local and cached routes', () =>
  withRouter(async (router) => {
    ip(router, 'route', 'add', '192.168.1.0/24', 'via', '10.0.0.9', 'table', '1000', 'mtu', '1300')
    ip(router, 'route', 'add', '192.168.2.0/24', 'via', '10.0.1.9', 'table', '77')
    const texts = async (filter: Parameters<typeof listRoutes>[1]) =>
      (await listRoutes(router.socket, filter)).map(({ dst }) => String(dst)).sort()
    const main4 = ['10.0.0.0/24', '10.0.1.0/24']
    const main6 = ['fd00:1::/64', 'fd00::/64', 'fe80::/64', 'fe80::/64']
    assert.deepEqual(await texts({ family: 4 }), main4)
    assert.deepEqual(await texts({ family: 6 }), main6)
    assert.deepEqual(await texts({}), [...main4, ...main6])
    assert.deepEqual(await texts({ oif: router.v1 }), ['10.0.1.0/24', 'fd00:1::/64', 'fe80::/64'])
    assert.deepEqual(await texts({ table: 1000 }), ['192.168.1.0/24'])
    assert.deepEqual(await texts({ table: 77, family: 4 }), ['192.168.2.0/24'])
    ip(router, 'route', 'add', 'fd00:9::/64', 'dev', 'v1', 'proto', 'ra')
    assert.deepEqual(await texts({ table: 0, protocol: 9 }), ['fd00:9::/64'])
    ip(router, 'route', 'delete', 'fd00:9::/64', 'dev', 'v1', 'proto', 'ra')
    const all = await texts({ table: 0, family: 4 })
    for (const text of ['192.168.1.0/24', '192.168.2.0/24', '10.0.0.1/32']) assert.ok(all.includes(text), text)
    const [route] = await listRoutes(router.socket, { table: 1000 })
    assert.deepEqual([route?.table, String(route?.gateway), route?.metrics], [1000, '10.0.0.9', { mtu: 1300 }])
  }))

test('listRoutes() of a table that nobody made is empty, the main one of a new namespace too', () =>
  withNamespaces(['fresh'], async ({ fresh }) => {
    for (const family of [4, 6] as const)
      for (const table of [254, 100, 1000]) assert.deepEqual(await listRoutes(fresh.socket, { family, table }), [])
    assert.deepEqual(await listRoutes(fresh.socket), [])
  }))

test('listRoutes() leaves out a block of IPv4-mapped addresses, which is not the default route', () =>
  withRouter(async (router) => {
    ip(router, '-6', 'route', 'add', 'unreachable', '::ffff:0.0.0.0/96')
    const before = ['fd00:1::/64', 'fd00::/64', 'fe80::/64', 'fe80::/64']
    assert.deepEqual((await listRoutes(router.socket, { family: 6 })).map(({ dst }) => String(dst)).sort(), before)
  }))

test('getRoute() says which way a packet would take, and fails with ENETUNREACH when there is none', () =>
  withRouter(async (router) => {
    ip(router, 'route', 'add', '192.168.0.0/16', 'via', '10.0.1.9')
    const route = await getRoute(router.socket, parseIP('192.168.3.4'))
    const [shown] = ipJson(router, 'route', 'get', '192.168.3.4')
    assert.deepEqual(
      { dst: String(route.dst), gateway: String(route.gateway), prefsrc: String(route.prefsrc), oif: route.oif },
      { dst: `${shown?.['dst']}/32`, gateway: shown?.['gateway'], prefsrc: shown?.['prefsrc'], oif: router.v1 },
    )
    assert.equal((await getRoute(router.socket, parseIP('fd00::77'))).oif, router.v0)
    await assert.rejects(getRoute(router.socket, parseIP('172.16.0.1')), {
      operation: 'RTM_GETROUTE',
      code: 'ENETUNREACH',
    })
    await assert.rejects(getRoute(router.socket, parseIP('fd99::1')), { code: 'ENETUNREACH' })
  }))
