import { CIDR, type IP } from '@patchbay/address'
import type { IPConfig } from '@patchbay/cni/types'
import type { LeaseStore, Owner, OwnLease } from './lease-store.ts'
import { formatRangeSet, type RangeSet, rangeFor } from './range.ts'
import { searchRangeSet } from './round-robin.ts'

/** What is asked for: one address of each set, those in `requested` where a set has them. */
export interface Allocation {
  readonly owner: Owner
  readonly sets: readonly RangeSet[]
  /** Each must be in a set of its own. */
  readonly requested: readonly IP[]
  /** What the owner has leased, by default what the store says. */
  readonly held?: readonly OwnLease[]
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
export function allocate(store: LeaseStore, allocation: Allocation): IPConfig[] {
  const { owner, sets, requested, held = store.leasesOf(owner), configured = [] } = allocation
  let left = requested
  const given: IPConfig[] = []
  const leased: IP[] = []
  try {
    for (const [index, set] of sets.entries()) {
      const wanted = left.find((ip) => rangeFor(set, ip) !== undefined)
      if (wanted !== undefined) left = left.filter((ip) => !ip.equals(wanted))
      const { ip, isNew } = allocateFrom(store, { owner, set, index, wanted, held, configured })
      if (isNew) leased.push(ip)
      given.push(ipConfigOf(ip, set))
    }
    if (left.length > 0) throw new RangeError(`failed to allocate all requested IPs: ${formatOnce(left)}`)
    store.sync()
  } catch (error) {
    throw releaseAfter(error, store, leased)
  }
  return given
}

function formatOnce(ips: readonly IP[]): string {
  return [...new Set(ips.map(String))].join(' ')
}

interface Turn {
  readonly owner: Owner
  readonly set: RangeSet
  readonly index: number
  readonly wanted: IP | undefined
  readonly held: readonly OwnLease[]
  readonly configured: readonly IP[]
}

interface Allocated {
  readonly ip: IP
  /** Whether it was leased just now. */
  readonly isNew: boolean
}

function allocateFrom(store: LeaseStore, turn: Turn): Allocated {
  try {
    const { wanted, set } = turn
    if (wanted !== undefined && rangeFor(set, wanted)?.gateway.equals(wanted))
      throw new RangeError(`requested ip ${wanted} is subnet's gateway`)
    return allocatedBefore(turn) ?? (wanted ? allocateWanted(store, { ...turn, wanted }) : allocateNext(store, turn))
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new Error(`failed to allocate for range ${turn.index}: ${reason}`, { cause: error })
  }
}

/** What the owner has of the set; `undefined` for nothing. */
function allocatedBefore({ owner, set, wanted, held, configured }: Turn): Allocated | undefined {
  if (held.length === 0) return undefined
  const all = held.filter(({ ip }) => rangeFor(set, ip) !== undefined)
  const own = all.filter(({ ownership }) => ownership === 'interface').map(({ ip }) => ip)
  // In the old form a lease does not say which interface it is of: it cannot be given to this one, only stand in its way.
  if (own.length === 0 && (wanted !== undefined || all.length === 0)) return undefined
  const again = wanted === undefined ? own.sort((a, b) => a.compare(b))[0] : own.find((ip) => ip.equals(wanted))
  if (again !== undefined && !configured.some((ip) => ip.equals(again))) return { ip: again, isNew: false }
  const inTheWay = again ?? own[0] ?? all[0]?.ip
  throw new RangeError(`${inTheWay} has been allocated to ${owner.containerId}, duplicate allocation is not allowed`)
}

function allocateWanted(store: LeaseStore, { owner, set, index, wanted }: Turn & { wanted: IP }): Allocated {
  if (store.reserve(wanted, { owner, set: index })) return { ip: wanted, isNew: true }
  throw new RangeError(`requested IP address ${wanted} is not available in range set ${formatRangeSet(set)}`)
}

function allocateNext(store: LeaseStore, turn: Turn): Allocated {
  const ip = reserveNext(store, turn) ?? (store.refresh() ? reserveNext(store, turn) : undefined)
  if (ip !== undefined) return { ip, isNew: true }
  throw new RangeError(`no IP addresses available in range set: ${formatRangeSet(turn.set)}`)
}

function reserveNext(store: LeaseStore, { owner, set, index }: Turn): IP | undefined {
  function reserveFirst(first: IP, last: IP): IP | undefined {
    for (let from: IP | undefined = first; from !== undefined; ) {
      const ip: IP | undefined = store.firstFree(from, last)
      if (ip === undefined || store.reserve(ip, { owner, set: index })) return ip
      from = ip.next()
    }
    return undefined
  }
  return searchRangeSet(set, reserveFirst, store.lastReserved(index))
}

function ipConfigOf(ip: IP, set: RangeSet): IPConfig {
  const range = rangeFor(set, ip)
  if (range === undefined) throw new RangeError(`Cannot lease "${ip}": it is not in range set ${formatRangeSet(set)}`)
  return { address: CIDR.of(ip, range.subnet.prefixLength), gateway: range.gateway }
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
