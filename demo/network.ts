import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { CIDR } from '@patchbay/address'
import { parseResult, type Result } from '@patchbay/cni/types'
import type { NetlinkSocket } from '@patchbay/linux/netlink'
import { Namespace, writeSysctl } from '@patchbay/linux/netns'
import {
  addAddress,
  getLink,
  IFA_F,
  listAddresses,
  listLinks,
  listRoutes,
  openRouteSocket,
  setLink,
} from '@patchbay/linux/route'
import type { DrawnContainer, DrawnLink, Topology } from './topology.ts'

export const NETWORK = 'demo'
export const BRIDGE = 'demo0'
export const IFNAME = 'eth0'

const STATE = '/run/patchbay-demo'
const CONFIGS = join(STATE, 'net.d')

/** Where the demo's cnitool and host-local keep what they must not forget. */
export const RESULTS = join(STATE, 'cache', 'results')
export const LEASES = join(STATE, 'networks', NETWORK)

const SUBNETS = { 4: '10.88.0.0/24', 6: 'fd00:88::/64' } as const

/** Addresses for documentation (RFC 5737, RFC 3849): in the demo they stand for the world. */
const WORLD = { 4: '192.0.2.1/32', 6: '2001:db8::1/128' } as const

/** The IP versions that this kernel has. */
export const versions: readonly (4 | 6)[] = existsSync('/proc/sys/net/ipv6') ? [4, 6] : [4]

/** A namespace and a socket to look into it. */
export interface Place {
  readonly name: string
  readonly netns: Namespace
  readonly route: NetlinkSocket
}

/** A container and what attaching it printed. */
export interface Attached {
  readonly place: Place
  readonly result: Result
}

export function openPlace(name: string, netns: Namespace): Place {
  return { name, netns, route: openRouteSocket({ netns }) }
}

/** The demo's own host: loopback up, with an address that is no container's neighbour. */
export async function openHost(): Promise<Place> {
  const host = openPlace('host', Namespace.current())
  // The wait for duplicates of the bridge's own addresses, a second or two, is not what is to be seen.
  if (versions.includes(6)) writeSysctl(host.netns, 'net/ipv6/conf/default/accept_dad', '0')
  await setLink(host.route, 'lo', { up: true })
  const { index } = await getLink(host.route, 'lo')
  for (const address of worldAddresses()) await addAddress(host.route, { index, address, flags: IFA_F.NODAD })
  return host
}

export function worldAddresses(): CIDR[] {
  return versions.map((version) => CIDR.parse(WORLD[version]))
}

/** The configuration of the network, as an administrator would write it. */
export function writeConfig(): void {
  const ipam = {
    type: 'host-local',
    dataDir: join(STATE, 'networks'),
    ranges: versions.map((version) => [{ subnet: SUBNETS[version] }]),
  }
  const bridge = { type: 'bridge', bridge: BRIDGE, isDefaultGateway: true, ipam }
  mkdirSync(CONFIGS, { recursive: true })
  writeFileSync(
    join(CONFIGS, `${NETWORK}.conflist`),
    JSON.stringify({ cniVersion: '1.1.0', name: NETWORK, plugins: [bridge] }),
  )
}

/**
 * Runs `cnitool COMMAND demo NETNS` with the plugins beside it.
 *
 * @throws Error with what it wrote to standard error, when it fails
 */
export function cnitool(executables: string, command: string, place: Place): string {
  const args = [command, NETWORK, place.netns.path, '--ifname', IFNAME, '--cache-dir', join(STATE, 'cache')]
  const { error, status, stdout, stderr } = spawnSync(join(executables, 'cnitool'), args, {
    encoding: 'utf8',
    env: { ...process.env, NETCONFPATH: CONFIGS, CNI_PATH: executables, CNI_ARGS: '', CAP_ARGS: '' },
  })
  if (error) throw error
  if (status !== 0) throw new Error(stderr.replace(/^Error: /, '') || `cnitool ${command} ended with status ${status}`)
  return stdout
}

export function attach(executables: string, place: Place): Result {
  return parseResult(JSON.parse(cnitool(executables, 'add', place)))
}

/** The result's addresses of the container. */
export function addressesOf({ ips = [] }: Result): string[] {
  return ips.map(({ address }) => String(address))
}

/** A link as the kernel has it, with its addresses but for the link-local ones. */
async function lookAt({ route }: Place, name: string): Promise<DrawnLink> {
  const { index, address: mac } = await getLink(route, name)
  const all = (await listAddresses(route, { index })).map(({ address }) => address)
  const addresses = all.filter(({ address }) => !address.isLinkLocalUnicast).map(String)
  return { name, mac: String(mac), addresses }
}

/**
 * What the kernel has of the network.
 *
 * @throws Error when that is not what the results say
 */
export async function lookAtNetwork(host: Place, attached: readonly Attached[]): Promise<Topology> {
  const { index } = await getLink(host.route, BRIDGE)
  const ports = (await listLinks(host.route, { master: index })).map(({ ifname = '' }) => ifname)
  expectSame(
    BRIDGE,
    attached.map(({ result }) => portOf(result)),
    ports,
  )
  const containers: DrawnContainer[] = []
  for (const { place, result } of attached)
    containers.push({ name: place.name, link: await lookAtContainer(place, result), port: portOf(result) })
  const world = worldAddresses().map(({ address }) => String(address))
  return { bridge: await lookAt(host, BRIDGE), world, containers }
}

async function lookAtContainer(place: Place, result: Result): Promise<DrawnLink> {
  const link = await lookAt(place, IFNAME)
  const printed = result.interfaces?.find(({ name, sandbox }) => name === IFNAME && sandbox)
  const routes = await listRoutes(place.route)
  const gateways = routes.filter(({ dst }) => dst.prefixLength === 0).map(({ gateway }) => String(gateway))
  expectSame(place.name, [printed?.mac ?? '', ...addressesOf(result)], [link.mac, ...link.addresses])
  expectSame(
    place.name,
    (result.ips ?? []).map(({ gateway }) => String(gateway)),
    gateways,
  )
  return link
}

/** Name of the cable's end at the bridge: a CNI result lists the bridge, that end, the container's. */
function portOf({ interfaces = [] }: Result): string {
  return interfaces[1]?.name ?? ''
}

function expectSame(where: string, printed: readonly string[], found: readonly string[]): void {
  const [a, b] = [printed, found].map((each) => [...each].sort().join(', '))
  if (a !== b) throw new Error(`${where} has ${b || 'nothing'} instead of ${a}`)
}
