import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type IP, parseIP } from '@patchbay/address'
import {
  addConnection,
  addConnectionRequest,
  type Connection,
  type ConnectionFilter,
  type ConnectionTuple,
  deleteConnections,
  listConnections,
  openNetfilterSocket,
  TCP_CONNTRACK,
} from '@patchbay/linux/conntrack'
import { NetlinkError, type NetlinkRequest, type NetlinkSocket, type Operation } from '@patchbay/linux/netlink'
import { ping } from '@patchbay/linux/packet'
import { errno } from '@patchbay/linux/sys'
import { type TestNamespace, withNamespaces } from '../lab/namespace-fixture.ts'
import { ip, runIn } from '../lab/witness.ts'

/** What `conntrack -L -o extended,id` prints, a line each, sorted. */
function tracked(place: TestNamespace): string[] {
  const lines = ['ipv4', 'ipv6'].flatMap((family) =>
    runIn(place, 'conntrack', '-L', '-f', family, '-o', 'extended,id').trim().split('\n'),
  )
  return lines.filter((line) => line !== '').sort()
}

/** The ends of a connection as that prints them. */
function endsOf({ source, destination, sourcePort, destinationPort, icmp }: ConnectionTuple): string {
  const rest = icmp
    ? `type=${icmp.type} code=${icmp.code} id=${icmp.id}`
    : `sport=${sourcePort} dport=${destinationPort}`
  return `src=${source} dst=${destination} ${rest}`
}

function assertPrinted(line: string | undefined, connection: Connection | undefined): void {
  assert.ok(line !== undefined && connection !== undefined)
  const { original, reply, zone, mark, id } = connection
  for (const part of [endsOf(original), endsOf(reply), ` ${original.protocol} `, `mark=${mark} `, `id=${id}`])
    assert.ok(line.includes(part), `${part} is not in ${line}`)
  assert.equal(/zone=(\d+)/.exec(line)?.[1], zone === undefined ? undefined : String(zone))
}

/** Sends datagrams in a namespace in which connections are tracked, from the address itself. */
function sendUdp(place: TestNamespace, address: string, ports: readonly number[]): void {
  for (const port of ports) runIn(place, 'bash', '-c', `printf x > /dev/udp/${address}/${port}`)
}

/** Tracks what the namespace sends. */
function track(place: TestNamespace): void {
  ip(place, 'link', 'set', 'lo', 'up')
  runIn(place, 'nft', 'table inet t { chain c { type filter hook output priority 0; ct state new ct mark set 3; }; }')
  // A flow without an answer is forgotten after 30 seconds, in which a busy machine may not have looked for it.
  runIn(place, 'sh', '-c', 'echo 600 >/proc/sys/net/netfilter/nf_conntrack_udp_timeout')
}

function connection(protocol: 'udp' | 'tcp', source: IP, destination: IP, destinationPort: number) {
  const sourcePort = 1000
  return {
    family: source.family,
    original: { source, destination, protocol, sourcePort, destinationPort },
    reply: {
      source: destination,
      destination: source,
      protocol,
      sourcePort: destinationPort,
      destinationPort: sourcePort,
    },
    timeout: 100,
  } as const
}

async function withConntrack(
  work: (scene: { host: TestNamespace; socket: NetlinkSocket }) => Promise<void>,
): Promise<void> {
  await withNamespaces(['host'], async ({ host }) => {
    track(host)
    using socket = openNetfilterSocket({ netns: host.netns })
    await work({ host, socket })
  })
}

test('listConnections() says of flows of both IP versions what conntrack prints', () =>
  withConntrack(async ({ host, socket }) => {
    sendUdp(host, '127.0.0.1', [5001])
    sendUdp(host, '::1', [5002])
    runIn(host, 'conntrack', ...'-I -w 5 -p udp -s 10.0.0.1 -d 10.0.0.2 --sport 7 --dport 8 -t 99'.split(' '))
    await ping({ netns: host.netns, to: parseIP('127.0.0.1') })
    const lines = tracked(host)
    const found = await listConnections(socket)
    assert.equal(found.length, lines.length)
    assert.ok(lines.length >= 4)
    for (const connection of found)
      assertPrinted(
        lines.find((line) => line.endsWith(`id=${connection.id}`)),
        connection,
      )
  }))

test('deleteConnections() deletes those that match, of both IP versions or one', () =>
  withConntrack(async ({ host, socket }) => {
    sendUdp(host, '127.0.0.1', [5001, 5002])
    sendUdp(host, '::1', [5001, 5002])
    const filter = { protocol: 'udp', originalDestinationPort: 5001 } as const
    const others = tracked(host).filter((line) => !/src=\S+ dst=\S+ sport=\d+ dport=5001 .*src=/.test(line))
    assert.equal(await deleteConnections(socket, { ...filter, family: 6 }), 1)
    assert.equal(await deleteConnections(socket, filter), 1)
    assert.equal(await deleteConnections(socket, filter), 0)
    assert.deepEqual(withoutTimes(tracked(host)), withoutTimes(others))
  }))

function withoutTimes(lines: readonly string[]): string[] {
  return lines.map((line) => line.replace(/^(\S+ +\d+ \S+ +\d+) \d+/, '$1'))
}

test('addConnection() makes what conntrack prints, and fails with EEXIST where there is one', () =>
  withConntrack(async ({ host, socket }) => {
    const [source, destination] = [parseIP('fd00::1'), parseIP('fd00::2')]
    const tcp = { ...connection('tcp', source, destination, 80), tcpState: TCP_CONNTRACK.ESTABLISHED, mark: 9, zone: 4 }
    await addConnection(socket, tcp)
    await assert.rejects(addConnection(socket, tcp), { operation: 'IPCTNL_MSG_CT_NEW', code: 'EEXIST' })
    const [line, ...more] = tracked(host)
    assert.equal(more.length, 0)
    assert.match(line ?? '', / ESTABLISHED src=fd00::1 dst=fd00::2 sport=1000 dport=80 .* mark=9 zone=4 /)
  }))

test('deleteConnections() refuses a filter that asks for nothing', () =>
  withConntrack(async ({ host, socket }) => {
    sendUdp(host, '127.0.0.1', [5001])
    for (const filter of [{}, { family: undefined, zone: undefined }])
      await assert.rejects(deleteConnections(socket, filter), TypeError)
    assert.equal(tracked(host).length, 1)
  }))

test('deleteConnections() does not mind what is gone meanwhile, nor counts it', () =>
  withConntrack(async ({ host, socket }) => {
    await addConnection(socket, connection('udp', parseIP('10.0.0.1'), parseIP('10.0.0.2'), 53))
    await addConnection(socket, connection('udp', parseIP('10.0.0.3'), parseIP('10.0.0.2'), 53))
    const list = socket.list.bind(socket)
    socket.list = async <R>(wanted: NetlinkRequest, reply: Operation<R>) => {
      const messages = await list(wanted, reply)
      runIn(host, 'conntrack', '-D', '-s', '10.0.0.1')
      return messages
    }
    assert.equal(await deleteConnections(socket, { family: 4, originalDestinationPort: 53 }), 1)
    assert.deepEqual(tracked(host), [])
  }))

/** Counts the messages that the kernel sends for dumps. */
function countDumped(socket: NetlinkSocket): { count: number } {
  const dumped = { count: 0 }
  const list = socket.list.bind(socket)
  socket.list = async <R>(wanted: NetlinkRequest, reply: Operation<R>) => {
    const messages = await list(wanted, reply)
    dumped.count += messages.length
    return messages
  }
  return dumped
}

const kept = 2000

/** `kept` connections in zone 7 and marked 1, and one that is different in everything. */
async function addMany(socket: NetlinkSocket): Promise<Connection> {
  const [source, destination] = [parseIP('10.0.0.1'), parseIP('10.0.0.2')]
  const many = Array.from({ length: kept }, (_, number) => ({
    ...connection('udp', source, destination, 2000 + number),
    ...{ zone: 7, mark: 1 },
  }))
  await socket.request(many.map(addConnectionRequest))
  const other = {
    ...connection('tcp', parseIP('10.0.1.1'), parseIP('10.0.1.2'), 1999),
    ...{ mark: 2, zone: 8, tcpState: TCP_CONNTRACK.ESTABLISHED },
  }
  await addConnection(socket, other)
  return other
}

test('listConnections() has the kernel pick among 2000 connections', () =>
  withConntrack(async ({ socket }) => {
    const { original, mark, zone } = await addMany(socket)
    const { source, destination, destinationPort } = original
    const filters: ConnectionFilter[] = [
      { protocol: 'tcp' },
      { protocol: 'tcp', originalDestinationPort: destinationPort },
      { protocol: 'tcp', replySourcePort: destinationPort },
      { originalSource: source },
      { originalDestination: destination },
      { replySource: destination },
      { replyDestination: source },
      { mark },
      { zone },
    ]
    for (const filter of filters) {
      const dumped = countDumped(socket)
      assert.equal((await listConnections(socket, filter)).length, 1, JSON.stringify(filter))
      assert.equal(dumped.count, 1, JSON.stringify(filter))
    }
  }))

test('listConnections() filters for a kernel that refuses to', () =>
  withConntrack(async ({ socket }) => {
    await addMany(socket)
    const list = socket.list.bind(socket)
    let asked = 0
    socket.list = async <R>(wanted: NetlinkRequest, reply: Operation<R>) => {
      if (asked++ === 0) throw new NetlinkError('IPCTNL_MSG_CT_GET', errno.EOPNOTSUPP)
      return list(wanted, reply)
    }
    assert.equal((await listConnections(socket, { family: 4, protocol: 'tcp' })).length, 1)
    assert.equal(asked, 2)
  }))

test('deleteConnections() deletes one among 2000 and many at once', () =>
  withConntrack(async ({ host, socket }) => {
    await addMany(socket)
    assert.equal(await deleteConnections(socket, { family: 4, protocol: 'tcp', originalDestinationPort: 1999 }), 1)
    assert.equal(tracked(host).length, kept)
    assert.equal(await deleteConnections(socket, { zone: 7 }), kept)
    assert.deepEqual(tracked(host), [])
  }))
