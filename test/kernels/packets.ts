import { parseIP } from '@patchbay/address'
import { Namespace } from '@patchbay/linux/netns'
import { PingError, ping } from '@patchbay/linux/packet'
import { patchbay } from '../lab/implementation.ts'
import { type CallOptions, Scene } from '../lab/scene.ts'
import type { JsonObject } from '../lab/witness.ts'

export const cniVersion = '1.1.0'

/** How long an answer may take that is to come, and one that is not, in milliseconds. */
const LIMIT_MS = { expected: 20_000, unexpected: 1000 } as const

/** A host with the executables, three containers, and a machine outside that knows no way to the containers. */
export async function withHost(work: (scene: Scene) => Promise<void> | void): Promise<void> {
  using scene = await Scene.open(patchbay, { containers: ['c1', 'c2', 'c3', 'outside'], containerDad: false })
  scene.shell(`
    ip link add up0 type veth peer name eth0 netns outside
    ip address add 192.0.2.1/24 dev up0
    ip address add 2001:db8::1/64 dev up0
    ip link set up0 up`)
  scene.inContainer(
    `ip address add 192.0.2.2/24 dev eth0
     ip address add 2001:db8::2/64 dev eth0
     ip link set eth0 up`,
    'outside',
  )
  await work(scene)
}

/** What a test of a whole lifetime shows. */
export function lifetimeOf(what: string): string {
  return `${what}: packets flow after ADD and CHECK succeeds, until GC or DEL takes all of it away`
}

/** A container that is attached, by the name of its namespace. */
export interface Pinger {
  readonly scene: Scene
  readonly from: string
}

/** Pings addresses that must answer. */
export async function reach({ scene, from }: Pinger, ...addresses: readonly string[]): Promise<void> {
  using netns = Namespace.open(scene.netnsOf(from))
  for (const address of addresses) await ping({ netns, to: parseIP(address), timeoutMs: LIMIT_MS.expected })
}

/** Whether an address answers that is expected not to. */
export async function isReached({ scene, from }: Pinger, address: string): Promise<boolean> {
  using netns = Namespace.open(scene.netnsOf(from))
  try {
    await ping({ netns, to: parseIP(address), timeoutMs: LIMIT_MS.unexpected })
    return true
  } catch (error) {
    if (error instanceof PingError) return false
    throw error
  }
}

/** A configuration of the network `net1`. */
export function network(type: string, keys: JsonObject): JsonObject {
  return { cniVersion, name: 'net1', type, ...keys }
}

/** Addresses of both IP versions for containers one after the other. */
export const bothVersions: JsonObject = {
  type: 'host-local',
  ranges: [[{ subnet: '10.1.2.0/24' }], [{ subnet: 'fd00:1:2::/64' }]],
  routes: [{ dst: '0.0.0.0/0' }, { dst: '::/0' }],
}

/** Calls a plugin, which must succeed, and gives what it printed. */
export function succeed(
  scene: Scene,
  command: 'ADD' | 'CHECK' | 'DEL' | 'GC',
  config: JsonObject,
  options: Pick<CallOptions, 'container' | 'ifName' | 'prevResult'> = {},
): JsonObject {
  const { status, stdout } = scene.call(command, config, options)
  if (status !== 0) throw new Error(`${command} of ${config['type']}: status ${status}: ${stdout}`)
  return stdout === '' ? {} : JSON.parse(stdout)
}

/** Collects what belongs to none of these containers. */
export function collect(scene: Scene, config: JsonObject, ...alive: readonly string[]): void {
  const attachments = alive.map((containerID) => ({ containerID, ifname: 'eth0' }))
  succeed(scene, 'GC', { ...config, 'cni.dev/valid-attachments': attachments })
}
