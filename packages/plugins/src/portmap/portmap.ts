import type { CIDR } from '@patchbay/address'
import type { Request } from '@patchbay/cni/plugin'
import type { Result } from '@patchbay/cni/types'
import { allSteps } from '../all-steps.ts'
import { requirePrevResult } from '../check-interface.ts'
import { messageOf } from '../error-message.ts'
import { versionsOf } from '../iptables/index.ts'
import { UndoStack } from '../undo-stack.ts'
import { validAttachmentsOf } from '../valid-attachments.ts'
import { backendsOfContainer, backendsOfHost, chosenBackend } from './choose-backend.ts'
import { checkMappings, loadPortmapConfig, type PortmapConfig } from './config.ts'
import { connectionsOf, connectionsTo, forgetConnections } from './forget-connections.ts'
import { allowLocalSources } from './local-sources.ts'

/** Publishes ports of the container that the plugins before this one have attached. */
export async function add(request: Request): Promise<Result> {
  const config = attempt('failed to parse config', () => loadPortmapConfig(request))
  const { prevResult, mappings } = config
  if (!prevResult) throw new Error('must be called as chained plugin')
  if (mappings.length === 0) return prevResult
  checkMappings(mappings)
  await using undo = new UndoStack(request.warn)
  const backend = await chosenBackend(request, config)
  const addresses = addressesOf(config)
  undo.push('port mappings', () => backend.remove(versionsOf(addresses)))
  await attemptAsync('unable to setup DNAT', () => backend.add(addresses))
  await forgetConnections(request, connectionsTo(mappings, versionsOf(addresses)))
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
  await allSteps(...backends.map((backend) => () => backend.remove(versions)), () =>
    forgetConnections(request, goneConnections(config)),
  )
}

/** Checks that the ports are published. */
export async function check(request: Request): Promise<void> {
  const config = loadPortmapConfig(request)
  requirePrevResult(request)
  if (config.mappings.length === 0) return
  const backend = await chosenBackend(request, config)
  for (const address of addressesOf(config))
    await attemptAsync(`could not check ipv${address.family} dnat`, () => backend.check(address))
}

/** Takes back what containers of this network have published that are gone. */
export async function gc(request: Request): Promise<void> {
  const alive = validAttachmentsOf(request)
  if (alive === undefined) return
  const backends = await backendsOfHost(request, loadPortmapConfig(request))
  await allSteps(...backends.map((backend) => () => backend.collect(alive)))
}

function addressesOf({ addresses }: PortmapConfig): CIDR[] {
  return [addresses[4], addresses[6]].filter((address) => address !== undefined)
}

/** Where the runtime does not say again which ports there were, those of the container go. */
function goneConnections(config: PortmapConfig) {
  if (config.mappings.length > 0) return connectionsTo(config.mappings, [4, 6])
  return connectionsOf(addressesOf(config).map(({ address }) => address))
}

function attempt<T>(what: string, work: () => T): T {
  try {
    return work()
  } catch (error) {
    throw new Error(`${what}: ${messageOf(error)}`, { cause: error })
  }
}

async function attemptAsync(what: string, work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } catch (error) {
    throw new Error(`${what}: ${messageOf(error)}`, { cause: error })
  }
}
