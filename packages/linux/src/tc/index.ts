export { type Action, redirectTo, TC_ACT, TCA } from './actions.ts'
export {
  addClass,
  addClassRequest,
  type ClassKind,
  type ClassRate,
  hierarchicalTokenBuckets,
  listClasses,
  type TrafficClass,
  tokenBucketClass,
} from './class.ts'
export {
  addFilter,
  addFilterRequest,
  deleteFilters,
  deleteFiltersRequest,
  ETH_P,
  everyPacket,
  type Filter,
  type FilterKind,
  type FilterPlace,
  listFilters,
} from './filter.ts'
export { TC_U32, type U32Selector } from './filters/u32.ts'
export { describeHandle, handleOf, ingressHandle, TC_H, TC_H_MIN } from './handle.ts'
export {
  addQdisc,
  addQdiscRequest,
  deleteQdisc,
  deleteQdiscRequest,
  listQdiscs,
  type Qdisc,
  type QdiscConflict,
  type QdiscKind,
  readTokenBucket,
  type TokenBucket,
  type TokenBucketParameters,
  tokenBucket,
  tokenBucketOf,
} from './qdisc.ts'
