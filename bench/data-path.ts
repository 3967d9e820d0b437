import { type ChildProcess, spawn } from 'node:child_process'
import { once as event } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { parseIP } from '@patchbay/address'
import { Namespace } from '@patchbay/linux/netns'
import { ping } from '@patchbay/linux/packet'
import { type Chain, CONTAINER_PORT, hostPortOf } from './cases.ts'
import type { Times } from './protocol.ts'
import { ip, type Runtime } from './runtime.ts'
import { percentile } from './statistics.ts'

/** Another machine, which a container reaches through the host, and the host's address on the way there. */
const beyond = { netns: '/run/netns/beyond', address: '203.0.113.2', host: '203.0.113.1' }
const ECHOES = 200

/** Where packets go to: who listens in which namespace, and what the other side calls it. */
interface Path {
  readonly from: string
  readonly to: string
  readonly address: string
  readonly port: number
  readonly listens: number
}

/**
 * Attaches a container and sends through it, as iperf3 counts it: bulk data out of the container, bulk data and small packets
 * into it by its published port; and echo requests, one after the other.
 */
export async function dataPath(runtime: Runtime, chain: Chain, seconds: number): Promise<Times> {
  prepare()
  const container = runtime.newContainer()
  const { result } = runtime.attach(container, chain)
  const out: Path = { from: container.netns, to: beyond.netns, address: beyond.address, port: 5201, listens: 5201 }
  const published = { address: beyond.host, port: hostPortOf(container.number), listens: CONTAINER_PORT }
  const into: Path = { from: beyond.netns, to: container.netns, ...published }
  try {
    return {
      'bulk out, Gbit/s': bulkIn(await iperf(out, ['--time', `${seconds}`])),
      'bulk in by a published port, Gbit/s': bulkIn(await iperf(into, ['--time', `${seconds}`])),
      'UDP of 64 bytes in by a published port, packets/s': packetsIn(
        await iperf(into, ['--time', `${seconds}`, '--udp', '--length', '64', '--bandwidth', '0']),
      ),
      'round trip': await roundTrip(container.netns),
    }
  } finally {
    runtime.detach(container, chain, result)
    runtime.end([container])
  }
}

let isPrepared = false

function prepare(): void {
  if (isPrepared) return
  ip('netns', 'add', 'beyond')
  ip('link', 'add', 'nic', 'type', 'veth', 'peer', 'name', 'eth0', 'netns', 'beyond')
  ip('address', 'add', `${beyond.host}/24`, 'dev', 'nic')
  ip('link', 'set', 'nic', 'up')
  ip('-n', 'beyond', 'address', 'add', `${beyond.address}/24`, 'dev', 'eth0')
  ip('-n', 'beyond', 'link', 'set', 'eth0', 'up')
  writeFileSync('/proc/sys/net/ipv4/ip_forward', '1')
  isPrepared = true
}

/** What iperf3 reports about a transfer, in JSON. */
interface Report {
  readonly end: {
    readonly sum_received?: { readonly bits_per_second: number }
    readonly sum?: { readonly packets: number; readonly lost_packets: number; readonly seconds: number }
  }
}

function bulkIn({ end }: Report): number {
  return (end.sum_received?.bits_per_second ?? 0) / 1e9
}

/** Those that arrived. */
function packetsIn({ end: { sum } }: Report): number {
  return sum === undefined ? 0 : (sum.packets - sum.lost_packets) / sum.seconds
}

async function iperf(path: Path, args: readonly string[]): Promise<Report> {
  const server = within(path.to, ['--server', '--one-off', '--forceflush', '--port', `${path.listens}`])
  try {
    await untilListening(server)
    const client = within(path.from, ['--client', path.address, '--port', `${path.port}`, '--json', ...args])
    const report = await printed(client)
    if ('error' in report) throw new Error(`Cannot measure the way to ${path.address}: ${report.error}`)
    return report
  } finally {
    server.kill()
  }
}

function within(netns: string, args: readonly string[]): ChildProcess {
  return spawn('nsenter', [`--net=${netns}`, 'iperf3', ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
}

async function untilListening(server: ChildProcess): Promise<void> {
  if (!server.stdout) return
  for await (const line of createInterface({ input: server.stdout })) if (line.includes('Server listening')) return
  throw new Error('Cannot measure the data path: the server of iperf3 has ended before it listened')
}

async function printed(client: ChildProcess): Promise<Report | { readonly error: string }> {
  let text = ''
  client.stdout?.setEncoding('utf8').on('data', (piece: string) => {
    text += piece
  })
  await event(client, 'close')
  return JSON.parse(text)
}

/** The median, in milliseconds. */
async function roundTrip(netns: string): Promise<number> {
  using container = Namespace.open(netns)
  const times: number[] = []
  for (let echo = 0; echo < ECHOES; echo++) {
    const start = performance.now()
    await ping({ netns: container, to: parseIP(beyond.address), timeoutMs: 1000 })
    times.push(performance.now() - start)
  }
  return percentile(times, 0.5)
}
