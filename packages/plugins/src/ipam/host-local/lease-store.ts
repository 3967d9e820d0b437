import type { IP } from '@patchbay/address'

/** The owner of a lease: one interface of one container. */
export interface LeaseOwner {
  readonly containerId: string
  readonly ifName: string
}

/** An address and the owner of its lease; `undefined` when a crash has corrupted the lease. */
export interface Lease {
  readonly ip: IP
  /** Leases of old versions name the container alone. */
  readonly owner: { readonly containerId: string; readonly ifName?: string } | undefined
}

/** How a lease names its owner: container and interface, or in the old form the container alone. */
export type Ownership = 'interface' | 'container'

/** A lease of a certain owner. */
export interface OwnLease {
  readonly ip: IP
  readonly ownership: Ownership
}

/**
 * The leases of one network, for this caller alone until the store is disposed of. Every method waits for its storage, and
 * callers await one before they call the next.
 */
export interface LeaseStore extends AsyncDisposable {
  /** The leases of `owner`, in no particular order. */
  leasesOf(owner: LeaseOwner): Promise<readonly OwnLease[]>
  /** All leases, in no particular order. */
  allLeases(): Promise<readonly Lease[]>
  /** The first free address from `first` to `last`, both included. */
  firstFree(first: IP, last: IP): Promise<IP | undefined>
  /**
   * Leases an address, and remembers it as the one last reserved for the range set with this index. After an error the
   * address is as free as before.
   *
   * @returns false, and changes nothing, when the address is taken
   */
  reserve(ip: IP, options: { owner: LeaseOwner; set: number }): Promise<boolean>
  /** Ends one lease; there may be none. */
  release(ip: IP): Promise<void>
  /** Ends all leases of `owner`; there may be none. Goes on after a failure. */
  releaseAll(owner: LeaseOwner): Promise<void>
  /** Removes the notes of leases that have ended without this store. */
  tidy(): Promise<void>
  /** Notes the path of the namespace that the leases of `owner` are for. The note ends with the leases. */
  noteNamespace(owner: LeaseOwner, netns: string): Promise<void>
  /** The noted namespace; `undefined` without a note, as with leases of the reference plugin. */
  notedNamespace(owner: LeaseOwner): Promise<string | undefined>
  /** The address last reserved for a range set, released or not; `undefined` when it is unknown. */
  lastReserved(set: number): Promise<IP | undefined>
  /** Reads the leases again if others may have made or ended some without this store; returns whether it did. */
  refresh(): Promise<boolean>
  /** Makes all changes outlast a crash of the machine, if the configuration asks for it. */
  sync(): Promise<void>
}
