import type { CIDR } from '@patchbay/address'
import type { Request } from '@patchbay/cni/plugin'
import type { Result } from '@patchbay/cni/types'
import type { ConnectionFilter } from '@patchbay/linux/conntrack'
import { requirePrevResult } from '../../link/check-interface.ts'
import { messageOf } from '../../request/error-message.ts'
import { runAll } from '../../request/run-all.ts'
import { UndoStack } from '../../request/undo-stack.ts'
import { validAttachmentsOf } from '../../request/valid-attachments.ts'
import { versionsOf } from '../../rules/iptables/index.ts'
import type { PortmapBackend } from './backend.ts'
import { backendsOfContainer, backendsOfHost, chosenBackend } from './choose-backend.ts'
import { checkMappings, loadPortmapConfig, type PortmapConfig, unservedMappings } from './config.ts'
import { connectionsTo, forgetConnections, portsOf } from './forget-connections.ts'
import { allowLocalSources, checkLocalSources } from './local-sources.ts'
import { displacingGone } from './port-taken.ts'

/** Publishes ports of the container that the plugins before this one have attached. */
export async function add(request: Request): Promise<Result> {
  const config = attempt('failed to parse config', () => loadPortmapConfig(request))
  const { prevResult, mappings } = config
  if (!prevResult) throw new Error('must be called as chained plugin')
  if (mappings.length === 0) return prevResult
  checkMappings(mappings)
  for (const line of unservedMappings(mappings)) request.warn(line)
  await using undo = new UndoStack(request.warn)
  const backend = await chosenBackend(request, config)
  const addresses = addressesOf(config)
  undo.push('port mappings', async () => void (await backend.remove(versionsOf(addresses))))
  const replaced = await attemptAsync('unable to setup DNAT', () =>
    displacingGone(request, (gone) => backend.add(addresses, gone)),
  )
  await forgetConnections(request, [...connectionsTo(portsOf(mappings, versionsOf(addresses))), ...replaced])
  if (config.snat && config.addresses[4]) await allowLocalSources(request, config.addresses[4].address)
  undo.keep()
  return prevResult
}

/** Takes back what the container has published, whether the runtime says again what that was or not. */
export async function del(request: Request): Promise<void> {
  const config = attempt('failed to parse config', () => loadPortmapConfig(request))
  const addresses = addressesOf(config)
  const versions = addresses.length > 0 ? versionsOf(addresses) : undefined
  const backends = await backendsOfContainer(request, config)
  await takeBack(request, backends, (backend) => backend.remove(versions))
}

/** Checks that the ports are published. */
export async function check(request: Request): Promise<void> {
  const config = loadPortmapConfig(request)
  requirePrevResult(request)
  if (config.mappings.length === 0) return
  const backend = await chosenBackend(request, config)
  for (const address of addressesOf(config))
    await attemptAsync(`could not check ipv${address.family} dnat`, () => backend.check(address))
  if (config.snat && config.addresses[4]) await checkLocalSources(request, config.addresses[4].address)
}

/** Takes back what containers of this network have published that are gone. */
export async function gc(request: Request): Promise<void> {
  const alive = validAttachmentsOf(request)
  if (alive === undefined) return
  const backends = await backendsOfHost(request, loadPortmapConfig(request))
  await takeBack(request, backends, (backend) => backend.collect(alive))
}

function addressesOf({ addresses }: PortmapConfig): CIDR[] {
  return [addresses[4], addresses[6]].filter((address) => address !== undefined)
}

/** Where nothing was published there are no connections to forget, and the kernel is not asked for any. */
async function takeBack(
  request: Request,
  backends: readonly PortmapBackend[],
  work: (backend: PortmapBackend) => Promise<readonly ConnectionFilter[]>,
): Promise<void> {
  const gone: ConnectionFilter[] = []
  const steps = backends.map((backend) => async () => {
    for (const filter of await work(backend)) gone.push(filter)
  })
  await runAll(...steps, () => forgetConnections(request, gone))
}

function attempt<T>(what: string, work: () => T): T {
  try {
    return work()
  } catch (error) {
    throw new Error(`${what}: ${messageOf(error)}`, { cause: error })
  }
}

async function attemptAsync<T>(what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw new Error(`${what}: ${messageOf(error)}`, { cause: error })
  }
}
