export { type Backing, backingNamespaces } from './backing-namespace.ts'
export { hostLocal, hostLocalPtp } from './host-local.ts'
export { isLeaseDirectory, type ListedLease, listLeases } from './lease-directory.ts'
