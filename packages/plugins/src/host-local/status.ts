import { accessSync, constants, readdirSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Request } from '@patchbay/cni/plugin'
import { CniError } from '@patchbay/cni/types'
import { messageOf } from '../error-message.ts'
import { loadConfig } from './config.ts'
import { hasCode } from './file-operation.ts'
import { formatRangeSet, type RangeSet } from './range-set.ts'
import { searchOrder } from './search-order.ts'

/**
 * Tells whether an address can be leased.
 *
 * @throws {CniError} 50 when a range set has no free address, or leases cannot be written
 */
export async function status(request: Request): Promise<void> {
  const { directory, sets } = loadConfig(request)
  const taken = new Set(namesIn(directory, request.name))
  checkWritable(directory, request.name)
  const exhausted = sets.find((set) => !hasFree(set, taken))
  if (exhausted) throw unavailable(request.name, `no address is free in range set ${formatRangeSet(exhausted)}`)
}

function hasFree(set: RangeSet, taken: ReadonlySet<string>): boolean {
  return searchOrder(set).some(({ first, last }) => {
    for (let ip: typeof first | undefined = first; ip && ip.compare(last) <= 0; ip = ip.next())
      if (!taken.has(ip.toString())) return true
    return false
  })
}

/** A directory that is not there has no leases in it. */
function namesIn(directory: string, network: string): string[] {
  try {
    return readdirSync(directory)
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return []
    throw unavailable(network, messageOf(error), error)
  }
}

/** Where the directory is not there, the nearest one above it decides. */
function checkWritable(directory: string, network: string): void {
  for (let place = directory; ; place = dirname(place)) {
    try {
      accessSync(place, constants.W_OK)
      return
    } catch (error) {
      if (!hasCode(error, 'ENOENT') || place === dirname(place)) throw unavailable(network, messageOf(error), error)
    }
  }
}

function unavailable(network: string, reason: string, cause?: unknown): CniError {
  return new CniError('pluginNotAvailable', `Cannot lease addresses of network "${network}": ${reason}`, { cause })
}
