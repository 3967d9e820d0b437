import type { IP } from '@patchbay/address'

/** Whom an address is leased to: one interface of one container. */
export interface Owner {
  readonly containerId: string
  readonly ifName: string
}

/** An address and whom it is leased to; nobody, when a crash has torn what said so. */
export interface Lease {
  readonly ip: IP
  /** In leases of old versions the container alone. */
  readonly owner: { readonly containerId: string; readonly ifName?: string } | undefined
}

/** How a lease names its owner: container and interface, or in the old form the container alone. */
export type Ownership = 'interface' | 'container'

/** A lease of a certain owner. */
export interface OwnLease {
  readonly ip: IP
  readonly ownership: Ownership
}

/** The leases of one network, for this caller alone until the store is disposed of. */
export interface LeaseStore extends Disposable {
  /** The leases of `owner`, in no particular order. */
  leasesOf(owner: Owner): readonly OwnLease[]
  /** All leases, in no particular order. */
  allLeases(): readonly Lease[]
  /** The first free address from `first` to `last`, both included. */
  firstFree(first: IP, last: IP): IP | undefined
  /**
   * Leases an address, and remembers it as the one last reserved for the range set with this index. When it throws,
   * the address is as free as before.
   *
   * @returns false, and changes nothing, when the address is taken
   */
  reserve(ip: IP, options: { owner: Owner; set: number }): boolean
  /** Ends one lease; there may be none. */
  release(ip: IP): void
  /** Ends all leases of `owner`; there may be none. Goes on after a failure. */
  releaseAll(owner: Owner): void
  /** Removes what lies beside leases that have ended by another way than this store. */
  tidy(): void
  /** Notes the namespace that the leases of `owner` are for, a path. It is forgotten with them. */
  noteNamespace(owner: Owner, netns: string): void
  /** The namespace that was noted; `undefined` when none is, as with leases that the reference plugin has made. */
  notedNamespace(owner: Owner): string | undefined
  /** The address last reserved for a range set, released or not; `undefined` when that is not known. */
  lastReserved(set: number): IP | undefined
  /** Looks whether leases have come or gone by another way than this store; returns whether that may be. */
  refresh(): boolean
  /** Makes what was leased and released outlast a crash of the machine, where that is asked for. */
  sync(): void
}
