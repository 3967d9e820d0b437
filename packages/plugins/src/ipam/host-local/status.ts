import { accessSync, constants } from 'node:fs'
import { dirname } from 'node:path'
import type { Request } from '@patchbay/cni/plugin'
import { CniError } from '@patchbay/cni/types'
import { messageOf } from '../../request/error-message.ts'
import { fileOperation, hasCode } from '../../state/file-operation.ts'
import { exhaustedText, type HostLocalConfig, loadConfig } from './config.ts'
import { openDirectoryStore } from './directory-store.ts'
import type { LeaseStore } from './lease-store.ts'
import { formatRangeSet, type RangeSet } from './range.ts'
import { roundRobin } from './round-robin.ts'

/**
 * Tells whether an address can be leased.
 *
 * @throws {CniError} 50 when a range set has no free address, or leases cannot be written
 */
export async function status(request: Request): Promise<void> {
  const config = loadConfig(request)
  let exhausted: number | undefined
  try {
    checkWritable(config.directory)
    exhausted = await findExhausted(config, request)
  } catch (error) {
    throw unavailable(request.name, messageOf(error), error)
  }
  if (exhausted === undefined) return
  const reason = `no address is free in range set ${formatRangeSet(config.sets[exhausted] ?? [])}`
  throw unavailable(request.name, reason, undefined, exhaustedText(request.name, config.keyOf(exhausted)))
}

/** For a missing directory the nearest existing one above it decides. */
function checkWritable(directory: string): void {
  for (let place = directory; ; place = dirname(place)) {
    try {
      fileOperation('access', place, () => accessSync(place, constants.W_OK))
      return
    } catch (error) {
      if (!hasCode(error, 'ENOENT') || place === dirname(place)) throw error
    }
  }
}

/** A missing directory has no leases. */
async function findExhausted({ directory, sets, keeping }: HostLocalConfig, { signal }: Request) {
  try {
    await using store = await openDirectoryStore(directory, { ...keeping, signal })
    const exhausted = await firstExhausted(store, sets)
    return exhausted !== undefined && (await store.refresh()) ? await firstExhausted(store, sets) : exhausted
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined
    throw error
  }
}

async function firstExhausted(store: LeaseStore, sets: readonly RangeSet[]): Promise<number | undefined> {
  for (const [index, set] of sets.entries()) if (!(await hasFree(store, set))) return index
  return undefined
}

async function hasFree(store: LeaseStore, set: RangeSet): Promise<boolean> {
  for (const { start, end } of roundRobin(set)) if (await store.firstFree(start, end)) return true
  return false
}

function unavailable(network: string, reason: string, cause?: unknown, details?: string): CniError {
  const msg = `Cannot lease addresses of network "${network}": ${reason}`
  return new CniError('pluginNotAvailable', msg, { cause, details })
}
