import { CIDR, type IP } from '@patchbay/address'
import type { IPConfig } from '@patchbay/cni/types'
import type { LeaseStore, Owner } from './lease-store.ts'
import type { Range } from './range.ts'
import { formatRangeSet, type RangeSet, rangeFor } from './range-set.ts'
import { searchOrder } from './search-order.ts'

/** What is asked for: one address of each set, those in `requested` where a set has them. */
export interface Allocation {
  readonly owner: Owner
  readonly sets: readonly RangeSet[]
  /** Each must be in a set of its own. */
  readonly requested: readonly IP[]
}

/**
 * Leases one address of each range set. All or nothing: whatever fails, what was leased here is released again, and
 * nothing that the owner had before.
 *
 * @throws Error `failed to allocate for range 0: no IP addresses available in range set: 10.0.0.1-10.0.0.254`, and
 *   the like; RangeError `failed to allocate all requested IPs: 10.0.0.9`
 */
export function allocate(store: LeaseStore, { owner, sets, requested }: Allocation): IPConfig[] {
  const left = new Map(requested.map((ip) => [ip.toString(), ip]))
  const leased: IPConfig[] = []
  try {
    for (const [index, set] of sets.entries()) {
      const wanted = [...left.values()].find((ip) => rangeFor(set, ip) !== undefined)
      if (wanted !== undefined) left.delete(wanted.toString())
      leased.push(allocateFrom(store, { owner, set, index, wanted }))
    }
    if (left.size > 0) throw new RangeError(`failed to allocate all requested IPs: ${[...left.keys()].join(' ')}`)
  } catch (error) {
    throw releaseAfter(error, store, leased)
  }
  return leased
}

interface Turn {
  readonly owner: Owner
  readonly set: RangeSet
  readonly index: number
  readonly wanted: IP | undefined
}

function allocateFrom(store: LeaseStore, { wanted, ...turn }: Turn): IPConfig {
  try {
    return wanted === undefined ? allocateNext(store, turn) : allocateWanted(store, { ...turn, wanted })
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new Error(`failed to allocate for range ${turn.index}: ${reason}`, { cause: error })
  }
}

function allocateWanted(store: LeaseStore, { owner, set, index, wanted }: Turn & { wanted: IP }): IPConfig {
  const range = rangeFor(set, wanted)
  if (range?.gateway.equals(wanted)) throw new RangeError(`requested ip ${wanted} is subnet's gateway`)
  if (range === undefined || !store.reserve(wanted, { owner, set: index })) {
    throw new RangeError(`requested IP address ${wanted} is not available in range set ${formatRangeSet(set)}`)
  }
  return leaseOf(wanted, range)
}

function allocateNext(store: LeaseStore, { owner, set, index }: Omit<Turn, 'wanted'>): IPConfig {
  const held = store.addressesOf(owner).find((ip) => rangeFor(set, ip) !== undefined)
  if (held !== undefined) {
    const { containerId } = owner
    throw new RangeError(`${held} has been allocated to ${containerId}, duplicate allocation is not allowed`)
  }
  for (const { range, first, last } of searchOrder(set, store.lastReserved(index))) {
    for (let from: IP | undefined = first; from !== undefined; ) {
      const ip: IP | undefined = store.firstFree(from, last)
      if (ip === undefined) break
      if (store.reserve(ip, { owner, set: index })) return leaseOf(ip, range)
      from = ip.next()
    }
  }
  throw new RangeError(`no IP addresses available in range set: ${formatRangeSet(set)}`)
}

function leaseOf(ip: IP, { subnet, gateway }: Range): IPConfig {
  return { address: CIDR.of(ip, subnet.prefixLength), gateway }
}

/** Releases in reverse order. Returns the error that led here, or one that also tells what could not be released. */
function releaseAfter(error: unknown, store: LeaseStore, leased: readonly IPConfig[]): unknown {
  const errors = [error]
  for (const { address } of [...leased].reverse()) {
    try {
      store.release(address.address)
    } catch (failure) {
      errors.push(failure)
    }
  }
  return errors.length === 1 ? error : new AggregateError(errors)
}
