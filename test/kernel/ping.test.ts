import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { CIDR, parseIP } from '@patchbay/address'
import { writeSysctl } from '@patchbay/linux/netns'
import { PingError, ping } from '@patchbay/linux/packet'
import { addAddress, addLinkRequest, addRoute, getLink, IF_OPER, IFA_F, RTN, setLink } from '@patchbay/linux/route'
import { openDescriptors, type TestNamespace, withNamespaces } from '../lab/namespace-fixture.ts'
import { ip, runIn } from '../lab/witness.ts'

interface Pair {
  red: TestNamespace
  blue: TestNamespace
  /** Index of the link in red. */
  index: number
}

/** Two namespaces with a cable between them: 10.9.0.1 and fd09::1 at the end in `red`, .2 and ::2 at the one in `blue`. */
async function withPair(work: (pair: Pair) => Promise<void>): Promise<void> {
  await withNamespaces(['red', 'blue'], async ({ red, blue }) => {
    const peer = { ifname: 'eth0', netNsFd: blue.netns.fd }
    await red.socket.request(addLinkRequest({ ifname: 'eth0', linkinfo: { link: { kind: 'veth', data: { peer } } } }))
    const index = await setUp(red, ['10.9.0.1/24', 'fd09::1/64'])
    await setUp(blue, ['10.9.0.2/24', 'fd09::2/64'])
    for (const { socket } of [red, blue]) await untilOperational(socket)
    await work({ red, blue, index })
  })
}

async function setUp({ socket }: TestNamespace, addresses: readonly string[]): Promise<number> {
  const { index } = await getLink(socket, 'eth0')
  for (const address of addresses) await addAddress(socket, { index, address: CIDR.parse(address), flags: IFA_F.NODAD })
  for (const link of ['lo', 'eth0']) await setLink(socket, link, { up: true })
  return index
}

/** The kernel takes up to a second to notice that both ends are up, and drops what is sent before. */
async function untilOperational(socket: TestNamespace['socket']): Promise<void> {
  while ((await getLink(socket, 'eth0')).operstate !== IF_OPER.UP) await setTimeout(10)
}

/** The kernel may miss the first question for a neighbour's address, and asks again after a second. */
const patience = { timeoutMs: 5000 } as const

/** A counter of the kernel's: `Icmp InEchos` of `/proc/net/snmp`. */
function counter(place: TestNamespace, name: string): number {
  if (name.startsWith('Icmp6')) {
    const line = new RegExp(`^${name}\\s+(\\d+)$`, 'm').exec(runIn(place, 'cat', '/proc/net/snmp6'))
    return Number(line?.[1])
  }
  const [names = [], values = []] = [...runIn(place, 'cat', '/proc/net/snmp').matchAll(/^Icmp: (.*)$/gm)].map(
    ([, row]) => (row ?? '').split(' '),
  )
  return Number(values[names.indexOf(name)])
}

test('ping() returns a time for each request, and the other kernel counts as many of them', async () => {
  await withPair(async ({ red, blue }) => {
    const families = [
      { to: '10.9.0.2', requests: 'InEchos', replies: 'OutEchoReps' },
      { to: 'fd09::2', requests: 'Icmp6InEchos', replies: 'Icmp6OutEchoReplies' },
    ]
    for (const { to, requests, replies } of families) {
      const before = [counter(blue, requests), counter(blue, replies)]
      const times = await ping({ netns: red.netns, to: parseIP(to), count: 3, ...patience })
      assert.equal(times.length, 3)
      for (const time of times) assert.ok(time > 0 && time < 5000, `${time} ms`)
      assert.deepEqual(
        [counter(blue, requests), counter(blue, replies)],
        before.map((count) => count + 3),
      )
    }
  })
})

test('ping() reaches a link-local address by the index of its link', async () => {
  await withPair(async ({ red, blue, index }) => {
    const [address] = ip(blue, '-6', '-o', 'addr', 'show', 'scope', 'link', 'dev', 'eth0').match(/fe80[^/]+/) ?? []
    const to = parseIP(address ?? '')
    assert.equal((await ping({ netns: red.netns, to, index, ...patience })).length, 1)
    await assert.rejects(ping({ netns: red.netns, to }), { name: 'PingError', code: 'EINVAL' })
  })
})

test('ping() waits for a reply no longer than it was told, and lets other work go on', async () => {
  await withPair(async ({ red, blue }) => {
    writeSysctl(blue.netns, 'net/ipv4/icmp_echo_ignore_all', '1')
    let ticks = 0
    const ticking = setInterval(() => ticks++, 10)
    const started = performance.now()
    await assert.rejects(ping({ netns: red.netns, to: parseIP('10.9.0.2'), timeoutMs: 300 }), {
      name: 'PingError',
      code: 'ETIMEDOUT',
      message: 'Cannot ping "10.9.0.2": no reply within 300 ms',
    })
    clearInterval(ticking)
    const took = performance.now() - started
    assert.ok(took >= 300 && took < 1000, `${took} ms`)
    assert.ok(ticks >= 10, `${ticks} ticks`)
  })
})

test('ping() says who could not pass the request on, and why', async () => {
  await withPair(async ({ red, blue }) => {
    await addRoute(red.socket, { dst: CIDR.parse('0.0.0.0/0'), gateway: parseIP('10.9.0.2') })
    await addRoute(red.socket, { dst: CIDR.parse('::/0'), gateway: parseIP('fd09::2') })
    writeSysctl(blue.netns, 'net/ipv4/ip_forward', '1')
    writeSysctl(blue.netns, 'net/ipv6/conf/all/forwarding', '1')
    // The kernel sends one report a second to the same host, after the first few.
    writeSysctl(blue.netns, 'net/ipv4/icmp_ratelimit', '0')
    writeSysctl(blue.netns, 'net/ipv6/icmp/ratelimit', '0')
    await addRoute(blue.socket, { dst: CIDR.parse('203.0.113.0/25'), type: RTN.UNREACHABLE })
    await addRoute(blue.socket, { dst: CIDR.parse('203.0.113.128/25'), type: RTN.PROHIBIT })
    await addRoute(blue.socket, { dst: CIDR.parse('2001:db8::/64'), type: RTN.PROHIBIT })
    const cases = [
      ['203.0.113.1', 'host unreachable, says 10.9.0.2'],
      ['203.0.113.200', 'administratively prohibited, says 10.9.0.2'],
      ['198.51.100.1', 'network unreachable, says 10.9.0.2'],
      ['2001:db8::1', 'administratively prohibited'],
      ['2001:db8:1::1', 'no route'],
    ] as const
    for (const [to, state] of cases) {
      await assert.rejects(ping({ netns: red.netns, to: parseIP(to), ...patience }), {
        name: 'PingError',
        code: 'EHOSTUNREACH',
        message: `Cannot ping "${to}": ${state}`,
      })
    }
  })
})

test('ping() says what the kernel says when the request cannot be sent', async () => {
  await withPair(async ({ red }) => {
    const error = await ping({ netns: red.netns, to: parseIP('192.0.2.1') }).catch((reason: unknown) => reason)
    assert.ok(error instanceof PingError)
    assert.equal(error.code, 'ENETUNREACH')
    assert.equal(error.message, 'Cannot ping "192.0.2.1": network is unreachable')
  })
})

test('ping() takes no other answer for its own', async () => {
  await withPair(async ({ red, blue }) => {
    // Requests to 10.9.0.3 arrive at blue, which has no such address and forwards nothing.
    ip(
      red,
      'neigh',
      'add',
      '10.9.0.3',
      'lladdr',
      ip(blue, '-br', 'link', 'show', 'eth0').split(/\s+/)[2] ?? '',
      'dev',
      'eth0',
    )
    const silent = Array.from({ length: 4 }, () => ping({ netns: red.netns, to: parseIP('10.9.0.3'), timeoutMs: 400 }))
    const settled = Promise.allSettled(silent)
    for (let round = 0; round < 20; round++) await ping({ netns: red.netns, to: parseIP('10.9.0.2'), ...patience })
    for (const { status } of await settled) assert.equal(status, 'rejected')
  })
})

test('ping() leaves no descriptor open', async () => {
  await withPair(async ({ red }) => {
    const before = openDescriptors()
    await ping({ netns: red.netns, to: parseIP('10.9.0.2'), ...patience })
    await ping({ netns: red.netns, to: parseIP('192.0.2.1') }).catch(() => {})
    assert.equal(openDescriptors(), before)
  })
})
