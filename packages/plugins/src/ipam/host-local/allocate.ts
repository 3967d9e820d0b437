import { CIDR, type IP } from '@patchbay/address'
import type { IPConfig } from '@patchbay/cni/types'
import type { LeaseOwner, LeaseStore, OwnLease } from './lease-store.ts'
import { formatRangeSet, type RangeSet, rangeFor } from './range.ts'
import { roundRobin } from './round-robin.ts'

/** A request for one address of each set: one of `requested` if the set has it. */
export interface Allocation {
  readonly owner: LeaseOwner
  readonly sets: readonly RangeSet[]
  /** Each must be in a set of its own. */
  readonly requested: readonly IP[]
  /** The leases of the owner; by default the store is asked. */
  readonly held?: readonly OwnLease[]
  /** Addresses that the owner's interface has at present. */
  readonly configured?: readonly IP[]
  /** Says what to do about a set that has no free address, by its index. */
  readonly remedy?: (set: number) => string
}

/**
 * Leases one address of each range set. If the owner has an address of a set already, it gets that one again, unless its
 * interface has it: this ADD then is a second one and fails. All or nothing: after an error all addresses that were leased
 * here are released, and the owner keeps those that it had before.
 *
 * @throws Error `failed to allocate for range 0: no IP addresses available in range set: 10.0.0.1-10.0.0.254`, and
 *   similar ones; RangeError `failed to allocate all requested IPs: 10.0.0.9`
 */
export async function allocate(store: LeaseStore, allocation: Allocation): Promise<IPConfig[]> {
  const { owner, sets, requested, held = await store.leasesOf(owner), configured = [], remedy } = allocation
  let left = requested
  const given: IPConfig[] = []
  const leased: IP[] = []
  try {
    for (const [index, set] of sets.entries()) {
      const wanted = left.find((ip) => rangeFor(set, ip) !== undefined)
      if (wanted !== undefined) left = left.filter((ip) => !ip.equals(wanted))
      const { ip, isNew } = await allocateFrom(store, { owner, set, index, wanted, held, configured, remedy })
      if (isNew) leased.push(ip)
      given.push(ipConfigOf(ip, set))
    }
    if (left.length > 0) throw new RangeError(`failed to allocate all requested IPs: ${formatOnce(left)}`)
    await store.sync()
  } catch (error) {
    throw await releaseAfter(error, store, leased)
  }
  return given
}

function formatOnce(ips: readonly IP[]): string {
  return [...new Set(ips.map(String))].join(' ')
}

interface Turn {
  readonly owner: LeaseOwner
  readonly set: RangeSet
  readonly index: number
  readonly wanted: IP | undefined
  readonly held: readonly OwnLease[]
  readonly configured: readonly IP[]
  readonly remedy: Allocation['remedy']
}

interface Allocated {
  readonly ip: IP
  /** Whether it was leased just now. */
  readonly isNew: boolean
}

async function allocateFrom(store: LeaseStore, turn: Turn): Promise<Allocated> {
  try {
    const { wanted, set } = turn
    if (wanted !== undefined && rangeFor(set, wanted)?.gateway.equals(wanted))
      throw new RangeError(`requested ip ${wanted} is subnet's gateway`)
    const before = allocatedBefore(turn)
    if (before !== undefined) return before
    return await (wanted ? allocateWanted(store, { ...turn, wanted }) : allocateNext(store, turn))
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new Error(`failed to allocate for range ${turn.index}: ${reason}`, { cause: error })
  }
}

/** The address of the set that the owner has already; `undefined` for none. */
function allocatedBefore({ owner, set, wanted, held, configured }: Turn): Allocated | undefined {
  if (held.length === 0) return undefined
  const all = held.filter(({ ip }) => rangeFor(set, ip) !== undefined)
  const own = all.filter(({ ownership }) => ownership === 'interface').map(({ ip }) => ip)
  // A lease in the old form names no interface: it cannot be given to this one, but it can prevent another lease.
  if (own.length === 0 && (wanted !== undefined || all.length === 0)) return undefined
  const again = wanted === undefined ? own.sort((a, b) => a.compare(b))[0] : own.find((ip) => ip.equals(wanted))
  if (again !== undefined && !configured.some((ip) => ip.equals(again))) return { ip: again, isNew: false }
  const inTheWay = again ?? own[0] ?? all[0]?.ip
  throw new RangeError(`${inTheWay} has been allocated to ${owner.containerId}, duplicate allocation is not allowed`)
}

async function allocateWanted(
  store: LeaseStore,
  { owner, set, index, wanted }: Turn & { wanted: IP },
): Promise<Allocated> {
  if (await store.reserve(wanted, { owner, set: index })) return { ip: wanted, isNew: true }
  throw new RangeError(`requested IP address ${wanted} is not available in range set ${formatRangeSet(set)}`)
}

async function allocateNext(store: LeaseStore, turn: Turn): Promise<Allocated> {
  const ip = (await reserveNext(store, turn)) ?? ((await store.refresh()) ? await reserveNext(store, turn) : undefined)
  if (ip !== undefined) return { ip, isNew: true }
  const cause = turn.remedy && new RangeError(turn.remedy(turn.index))
  throw new RangeError(`no IP addresses available in range set: ${formatRangeSet(turn.set)}`, { cause })
}

async function reserveNext(store: LeaseStore, { owner, set, index }: Turn): Promise<IP | undefined> {
  for (const { start, end } of roundRobin(set, await store.lastReserved(index))) {
    for (let from: IP | undefined = start; from !== undefined; ) {
      const ip: IP | undefined = await store.firstFree(from, end)
      if (ip === undefined) break
      if (await store.reserve(ip, { owner, set: index })) return ip
      from = ip.next()
    }
  }
  return undefined
}

function ipConfigOf(ip: IP, set: RangeSet): IPConfig {
  const range = rangeFor(set, ip)
  if (range === undefined) throw new RangeError(`Cannot lease "${ip}": it is not in range set ${formatRangeSet(set)}`)
  return { address: CIDR.of(ip, range.subnet.prefixLength), gateway: range.gateway }
}

/** Releases in reverse order. Returns the error that led here, together with those of addresses that could not be released. */
async function releaseAfter(error: unknown, store: LeaseStore, leased: readonly IP[]): Promise<unknown> {
  const errors = [error]
  for (const ip of [...leased].reverse()) {
    try {
      await store.release(ip)
    } catch (failure) {
      errors.push(failure)
    }
  }
  return errors.length === 1 ? error : new AggregateError(errors)
}
