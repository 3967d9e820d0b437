export { type Backing, backingNamespaces } from './backing-namespace.ts'
export { hostLocal } from './host-local.ts'
export { hostLocalPtp } from './host-local-ptp.ts'
export { isLeaseDirectory, type ListedLease, listLeases } from './list-leases.ts'
