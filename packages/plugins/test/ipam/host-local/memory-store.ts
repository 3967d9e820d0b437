import type { IP } from '@patchbay/address'
import type { LeaseOwner, LeaseStore, OwnLease } from '../../../src/ipam/host-local/lease-store.ts'

/** Leases in memory, kept in the plainest way. */
export class MemoryStore implements LeaseStore {
  readonly leases = new Map<string, { ip: IP; owner: LeaseOwner }>()
  readonly last = new Map<number, IP>()

  async leasesOf(owner: LeaseOwner): Promise<OwnLease[]> {
    const own = [...this.leases.values()].filter((lease) => isSame(lease.owner, owner))
    return own.map(({ ip }) => ({ ip, ownership: 'interface' }))
  }

  async allLeases(): Promise<{ ip: IP; owner: LeaseOwner }[]> {
    return [...this.leases.values()]
  }

  async firstFree(first: IP, last: IP): Promise<IP | undefined> {
    for (let ip: IP | undefined = first; ip !== undefined && ip.compare(last) <= 0; ip = ip.next()) {
      if (!this.leases.has(String(ip))) return ip
    }
    return undefined
  }

  async reserve(ip: IP, { owner, set }: { owner: LeaseOwner; set: number }): Promise<boolean> {
    if (this.leases.has(String(ip))) return false
    this.leases.set(String(ip), { ip, owner })
    this.last.set(set, ip)
    return true
  }

  async release(ip: IP): Promise<void> {
    this.leases.delete(String(ip))
  }

  async releaseAll(owner: LeaseOwner): Promise<void> {
    for (const { ip } of await this.leasesOf(owner)) await this.release(ip)
  }

  async noteNamespace(): Promise<void> {}

  async notedNamespace(): Promise<undefined> {
    return undefined
  }

  async tidy(): Promise<void> {}

  async lastReserved(set: number): Promise<IP | undefined> {
    return this.last.get(set)
  }

  async refresh(): Promise<boolean> {
    return false
  }

  async sync(): Promise<void> {}

  async [Symbol.asyncDispose](): Promise<void> {}
}

function isSame(a: LeaseOwner, b: LeaseOwner): boolean {
  return a.containerId === b.containerId && a.ifName === b.ifName
}
