import type { IP } from '@patchbay/address'
import type { LeaseStore, Owner, OwnLease } from '../../../src/ipam/host-local/lease-store.ts'

/** Leases in memory, kept in the plainest way. */
export class MemoryStore implements LeaseStore {
  readonly leases = new Map<string, { ip: IP; owner: Owner }>()
  readonly last = new Map<number, IP>()

  leasesOf(owner: Owner): OwnLease[] {
    const own = [...this.leases.values()].filter((lease) => isSame(lease.owner, owner))
    return own.map(({ ip }) => ({ ip, ownership: 'interface' }))
  }

  allLeases(): { ip: IP; owner: Owner }[] {
    return [...this.leases.values()]
  }

  firstFree(first: IP, last: IP): IP | undefined {
    for (let ip: IP | undefined = first; ip !== undefined && ip.compare(last) <= 0; ip = ip.next()) {
      if (!this.leases.has(String(ip))) return ip
    }
    return undefined
  }

  reserve(ip: IP, { owner, set }: { owner: Owner; set: number }): boolean {
    if (this.leases.has(String(ip))) return false
    this.leases.set(String(ip), { ip, owner })
    this.last.set(set, ip)
    return true
  }

  release(ip: IP): void {
    this.leases.delete(String(ip))
  }

  releaseAll(owner: Owner): void {
    for (const { ip } of this.leasesOf(owner)) this.release(ip)
  }

  noteNamespace(): void {}

  notedNamespace(): undefined {
    return undefined
  }

  tidy(): void {}

  lastReserved(set: number): IP | undefined {
    return this.last.get(set)
  }

  refresh(): boolean {
    return false
  }

  sync(): void {}

  [Symbol.dispose](): void {}
}

function isSame(a: Owner, b: Owner): boolean {
  return a.containerId === b.containerId && a.ifName === b.ifName
}
