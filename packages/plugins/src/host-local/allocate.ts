import { CIDR, type IP } from '@patchbay/address'
import type { IPConfig } from '@patchbay/cni/types'
import type { LeaseStore, Owner } from './lease-store.ts'
import { formatRangeSet, type RangeSet, rangeFor } from './range-set.ts'
import { searchOrder } from './search-order.ts'

/** What is asked for: one address of each set, those in `requested` where a set has them. */
export interface Allocation {
  readonly owner: Owner
  readonly sets: readonly RangeSet[]
  /** Each must be in a set of its own. */
  readonly requested: readonly IP[]
  /** Addresses that the owner's interface has at present. */
  readonly configured?: readonly IP[]
}

/**
 * Leases one address of each range set. What the owner has of a set already is given again, unless its interface has it:
 * then this is not an ADD again, but a second one. All or nothing: whatever fails, what was leased here is released, and
 * nothing that the owner had before.
 *
 * @throws Error `failed to allocate for range 0: no IP addresses available in range set: 10.0.0.1-10.0.0.254`, and
 *   the like; RangeError `failed to allocate all requested IPs: 10.0.0.9`
 */
export function allocate(store: LeaseStore, { owner, sets, requested, configured = [] }: Allocation): IPConfig[] {
  const left = new Map(requested.map((ip) => [ip.toString(), ip]))
  const given: IPConfig[] = []
  const leased: IP[] = []
  try {
    for (const [index, set] of sets.entries()) {
      const wanted = [...left.values()].find((ip) => rangeFor(set, ip) !== undefined)
      if (wanted !== undefined) left.delete(wanted.toString())
      const { isNew, ...ip } = allocateFrom(store, { owner, set, index, wanted, configured })
      if (isNew) leased.push(ip.address.address)
      given.push(ip)
    }
    if (left.size > 0) throw new RangeError(`failed to allocate all requested IPs: ${[...left.keys()].join(' ')}`)
    store.sync()
  } catch (error) {
    throw releaseAfter(error, store, leased)
  }
  return given
}

interface Turn {
  readonly owner: Owner
  readonly set: RangeSet
  readonly index: number
  readonly wanted: IP | undefined
  readonly configured: readonly IP[]
}

interface Allocated extends IPConfig {
  /** Whether it was leased just now. */
  readonly isNew: boolean
}

function allocateFrom(store: LeaseStore, turn: Turn): Allocated {
  try {
    const { wanted, set } = turn
    if (wanted !== undefined && rangeFor(set, wanted)?.gateway.equals(wanted))
      throw new RangeError(`requested ip ${wanted} is subnet's gateway`)
    return (
      allocatedBefore(store, turn) ?? (wanted ? allocateWanted(store, { ...turn, wanted }) : allocateNext(store, turn))
    )
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new Error(`failed to allocate for range ${turn.index}: ${reason}`, { cause: error })
  }
}

/** What the owner has of the set; `undefined` for nothing. */
function allocatedBefore(store: LeaseStore, { owner, set, wanted, configured }: Turn): Allocated | undefined {
  const all = store.leasesOf(owner).filter(({ ip }) => rangeFor(set, ip) !== undefined)
  const own = all.filter(({ ownership }) => ownership === 'interface').map(({ ip }) => ip)
  // In the old form a lease does not say which interface it is of: it cannot be given to this one, only stand in its way.
  if (own.length === 0 && (wanted !== undefined || all.length === 0)) return undefined
  const again = wanted === undefined ? own.sort((a, b) => a.compare(b))[0] : own.find((ip) => ip.equals(wanted))
  if (again !== undefined && !configured.some((ip) => ip.equals(again))) return leaseOf(again, set, { isNew: false })
  const held = again ?? own[0] ?? all[0]?.ip
  throw new RangeError(`${held} has been allocated to ${owner.containerId}, duplicate allocation is not allowed`)
}

function allocateWanted(store: LeaseStore, { owner, set, index, wanted }: Turn & { wanted: IP }): Allocated {
  if (store.reserve(wanted, { owner, set: index })) return leaseOf(wanted, set, { isNew: true })
  throw new RangeError(`requested IP address ${wanted} is not available in range set ${formatRangeSet(set)}`)
}

function allocateNext(store: LeaseStore, turn: Turn): Allocated {
  const ip = reserveNext(store, turn) ?? (store.refresh() ? reserveNext(store, turn) : undefined)
  if (ip !== undefined) return leaseOf(ip, turn.set, { isNew: true })
  throw new RangeError(`no IP addresses available in range set: ${formatRangeSet(turn.set)}`)
}

function reserveNext(store: LeaseStore, { owner, set, index }: Turn): IP | undefined {
  for (const { first, last } of searchOrder(set, store.lastReserved(index))) {
    for (let from: IP | undefined = first; from !== undefined; ) {
      const ip: IP | undefined = store.firstFree(from, last)
      if (ip === undefined) break
      if (store.reserve(ip, { owner, set: index })) return ip
      from = ip.next()
    }
  }
  return undefined
}

function leaseOf(ip: IP, set: RangeSet, { isNew }: Pick<Allocated, 'isNew'>): Allocated {
  const range = rangeFor(set, ip)
  if (range === undefined) throw new RangeError(`Cannot lease "${ip}": it is not in range set ${formatRangeSet(set)}`)
  return { address: CIDR.of(ip, range.subnet.prefixLength), gateway: range.gateway, isNew }
}

/** Releases in reverse order. Returns the error that led here, or one that also tells what could not be released. */
function releaseAfter(error: unknown, store: LeaseStore, leased: readonly IP[]): unknown {
  const errors = [error]
  for (const ip of [...leased].reverse()) {
    try {
      store.release(ip)
    } catch (failure) {
      errors.push(failure)
    }
  }
  return errors.length === 1 ? error : new AggregateError(errors)
}
