import type { IP } from '@patchbay/address'

/** An address that is taken, and its container if the lease names one. */
export interface TakenAddress {
  readonly ip: IP
  readonly containerId?: string | undefined
}

/** Looks up the leases of a network by container, and free addresses. */
export interface LeaseLookup {
  /** Addresses that may be the container's; some of them may be other containers'. */
  addressesOf(containerId: string): IP[]
  /** The first address from `first` to `last`, both included, that is not taken. */
  firstFree(first: IP, last: IP): IP | undefined
  /** Notes that an address is taken now; it may have been before. */
  add(taken: TakenAddress): void
  /** Notes that an address is free now; it may have been before. */
  remove(taken: TakenAddress): void
}

/** A lookup in memory, for few leases. */
export class MapLookup implements LeaseLookup {
  readonly #taken: Map<string, TakenAddress>

  constructor(taken: readonly TakenAddress[]) {
    this.#taken = new Map(taken.map((each) => [each.ip.toString(), each]))
  }

  addressesOf(containerId: string): IP[] {
    return [...this.#taken.values()].filter((taken) => taken.containerId === containerId).map(({ ip }) => ip)
  }

  firstFree(first: IP, last: IP): IP | undefined {
    for (let ip: IP | undefined = first; ip !== undefined && ip.compare(last) <= 0; ip = ip.next())
      if (!this.#taken.has(ip.toString())) return ip
    return undefined
  }

  add(taken: TakenAddress): void {
    this.#taken.set(taken.ip.toString(), taken)
  }

  remove({ ip }: TakenAddress): void {
    this.#taken.delete(ip.toString())
  }
}
