import { spawnSync } from 'node:child_process'
import { parseIP } from '@patchbay/address'
import { Namespace } from '@patchbay/linux/netns'
import { PingError, ping } from '@patchbay/linux/packet'
import type { Called } from './calls.ts'
import type { Chain } from './cases.ts'

/** What a container is attached to. */
export type Attachable = 'bridge, new' | 'bridge' | 'ptp' | 'macvlan'

type Plugin = Chain['plugins'][number]

/** Addresses of the host that a container reaches by its gateway only, by IP version. */
const outside = { 4: '198.51.100.1', 6: '2001:db8::1' } as const
const subnets = { 4: ['10.17.0.0/24', '10.18.0.0/24'], 6: ['fd17::/64', 'fd18::/64'] } as const
const everywhere = { 4: '0.0.0.0/0', 6: '::/0' } as const
/** How long one echo request is waited for: many are lost where a gateway does not answer yet. */
const ANSWER_MS = 10
const LIMIT_MS = 20_000

const preparations = [
  'link set lo up',
  `address add ${outside[4]}/32 dev lo`,
  `address add ${outside[6]}/128 dev lo`,
  // The gateway of the network that macvlan is on.
  'address add 10.18.0.1/24 dev downlink',
  'address add fd18::1/64 dev downlink nodad',
]
let isPrepared = false

/** One attachment that is timed. */
export interface FirstPacketOptions {
  readonly to: Attachable
  readonly version: 4 | 6
  /** Of the container. */
  readonly netns: string
  readonly call: (command: string, plugin: Plugin, prevResult?: unknown) => Called
}

/**
 * Milliseconds from the start of an ADD until the container has an answer from beyond its gateway. Throws Error when no
 * answer comes within 20 s.
 */
export async function firstPacket({ to, version, netns, call }: FirstPacketOptions): Promise<number> {
  if (!isPrepared) for (const command of preparations) ip(command)
  isPrepared = true
  if (to === 'bridge, new') ip('link delete first0')
  const plugin = pluginFor(to, version)
  const start = performance.now()
  const prevResult: unknown = JSON.parse(call('ADD', plugin).output)
  await untilAnswered(netns, outside[version])
  const milliseconds = performance.now() - start
  call('DEL', plugin, prevResult)
  return milliseconds
}

function pluginFor(to: Attachable, version: 4 | 6): Plugin {
  const subnet = subnets[version][to === 'macvlan' ? 1 : 0]
  const ipam = { type: 'host-local', dataDir: '/run/bench-first', subnet, routes: [{ dst: everywhere[version] }] }
  if (to === 'ptp') return { type: 'ptp', ipam }
  if (to === 'macvlan') return { type: 'macvlan', master: 'uplink', ipam }
  return { type: 'bridge', bridge: 'first0', isGateway: true, ipam }
}

async function untilAnswered(netns: string, address: string): Promise<void> {
  using container = Namespace.open(netns)
  const deadline = performance.now() + LIMIT_MS
  for (;;)
    try {
      await ping({ netns: container, to: parseIP(address), timeoutMs: ANSWER_MS })
      return
    } catch (error) {
      if (!(error instanceof PingError) || performance.now() > deadline) throw error
    }
}

/** What is there already, or gone, is fine. */
function ip(command: string): void {
  spawnSync('ip', command.split(' '))
}
