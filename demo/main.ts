import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Result } from '@patchbay/cni/types'
import { Namespace } from '@patchbay/linux/netns'
import { deleteLink } from '@patchbay/linux/route'
import { workspaceRoot } from '#tools/repository'
import { serveEcho } from './echo-server.ts'
import { cover, runEnclosed } from './enclosure.ts'
import { checkWithIp, hasIp } from './ip-witness.ts'
import { Journal, StepFailed } from './journal.ts'
import { proveNothingLeft } from './leftovers.ts'
import {
  type Attached,
  addressesOf,
  attach,
  BRIDGE,
  cnitool,
  lookAtNetwork,
  NETWORK,
  openHost,
  openPlace,
  type Place,
  versions,
  worldAddresses,
  writeConfig,
} from './network.ts'
import { type Path, tryPaths } from './reach.ts'
import { paint, type Terminal, terminalOf } from './terminal.ts'
import { drawTopology, type Topology } from './topology.ts'

const executables = join(workspaceRoot(), 'dist', 'cni', 'bin')
const terminal: Terminal = terminalOf(process.env, process.stdout.isTTY ?? false)

async function demonstrate(journal: Journal): Promise<void> {
  journal.line(
    paint(terminal, 'bold', 'Patchbay: two containers on one network, in namespaces that end with this demo'),
  )
  const host = await openHost()
  writeConfig()
  const places = await journal.step('make two namespaces', () =>
    ['red', 'blue'].map((name) => openPlace(name, Namespace.createNamed(name))),
  )
  const attached: Attached[] = []
  for (const place of places) attached.push(await attachTo(place, journal))
  const topology = await journal.step(
    'the kernel agrees',
    () => lookAtNetwork(host, attached),
    () => 'MACs, addresses, gateways, ports of the bridge',
  )
  draw(topology, journal)
  await useNetwork(host, attached, topology, journal)
  for (const place of places)
    await journal.step(`cnitool del ${NETWORK} ${place.name}`, () => cnitool(executables, 'del', place))
  const keeps = 'plugins keep it for the next container'
  await journal.step(
    `delete ${BRIDGE}`,
    () => deleteLink(host.route, BRIDGE),
    () => keeps,
  )
  await proveNothingLeft([host, ...places], journal)
}

async function attachTo(place: Place, journal: Journal): Promise<Attached> {
  const result = await journal.step(
    `cnitool add ${NETWORK} ${place.name}`,
    () => attach(executables, place),
    (made) => addressesOf(made).join('  '),
  )
  return { place, result }
}

function draw(topology: Topology, journal: Journal): void {
  journal.line()
  for (const line of drawTopology(topology, terminal)) journal.line(line)
  journal.line()
}

async function useNetwork(
  host: Place,
  attached: readonly Attached[],
  topology: Topology,
  journal: Journal,
): Promise<void> {
  for (const { netns } of [host, ...attached.map(({ place }) => place)])
    for (const version of versions) (await serveEcho(netns, version)).unref()
  await tryPaths(pathsOf(host, attached), journal, terminal)
  journal.line()
  for (const { place } of attached)
    await journal.step(`cnitool check ${NETWORK} ${place.name}`, () => cnitool(executables, 'check', place))
  if (!hasIp()) return
  const gateways = (attached[0]?.result.ips ?? []).map(({ gateway }) => String(gateway))
  await journal.step(
    'ip agrees',
    () => checkWithIp(topology.containers, gateways),
    () => 'MACs, addresses, gateways, ports of the bridge',
  )
}

/** Every container to every other, to the gateway and to the world behind it; and the host to every container. */
function pathsOf(host: Place, attached: readonly Attached[]): Path[] {
  const own = ({ ips = [] }: Result) => ips.map(({ address }) => address.address)
  const gateways = ({ ips = [] }: Result) => ips.flatMap(({ gateway }) => gateway ?? [])
  const world = worldAddresses().map(({ address }) => address)
  const path = (from: Place, to: string, addresses: Path['addresses']): Path => {
    return { from: from.name, netns: from.netns, to, addresses }
  }
  return [
    ...attached.flatMap(({ place }) =>
      attached
        .filter((other) => other.place !== place)
        .map((other) => path(place, other.place.name, own(other.result))),
    ),
    ...attached.map(({ place, result }) => path(place, 'gateway', gateways(result))),
    ...attached.map(({ place }) => path(place, 'world', world)),
    ...attached.map(({ place, result }) => path(host, place.name, own(result))),
  ]
}

/** What the demo is once it is enclosed. */
async function enclosed(outside: string | undefined): Promise<number> {
  cover(outside, workspaceRoot())
  const journal = new Journal(terminal, console.log)
  try {
    await demonstrate(journal)
  } catch (error) {
    if (!(error instanceof StepFailed)) journal.fail(error)
  }
  journal.line(journal.summary)
  return journal.failed === 0 ? 0 : 1
}

async function main(): Promise<void> {
  const [option, outside] = process.argv.slice(2)
  try {
    process.exitCode = option === '--enclosed' ? await enclosed(outside) : runEnclosed(fileURLToPath(import.meta.url))
  } catch (error) {
    console.error(error instanceof Error ? error.message : error)
    process.exitCode = 1
  }
}

await main()
