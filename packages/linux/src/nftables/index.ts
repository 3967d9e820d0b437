export { openNetfilterSocket } from '../nfnetlink/index.ts'
export { Batch } from './batch.ts'
export {
  type BaseChain,
  type Chain,
  type ChainState,
  chainAttributes,
  chainMessage,
  chainOperations,
  hookAttributes,
} from './chain.ts'
export { type Data, dataAttributes, NF, verdictAttributes } from './data.ts'
export * from './data-types.ts'
export {
  type ElementKey,
  elementAttributes,
  elementListAttributes,
  elementMessage,
  elementOperations,
  type NewElement,
  NFT_SET_ELEM,
  type SetElement,
} from './element.ts'
export * from './expressions/index.ts'
export type { Family } from './family.ts'
export {
  batchAttributes,
  batchFrame,
  batchOperations,
  generationAttributes,
  generationMessage,
  generationOperations,
} from './generation.ts'
export type { Hook, Priority } from './hook.ts'
export { rangeOf } from './interval.ts'
export type { KeyType, KeyValue } from './key-type.ts'
export { Nftables } from './nftables.ts'
export {
  type ListedObject,
  type NamedObject,
  type ObjectKind,
  type ObjectState,
  objectAttributes,
  objectMessage,
  objectOperations,
} from './object.ts'
export {
  type Rule,
  type RulePosition,
  type RuleRef,
  type RuleState,
  ruleAttributes,
  ruleMessage,
  ruleOperations,
} from './rule.ts'
export * from './rules/index.ts'
export {
  type MapData,
  type NamedSet,
  NFT_DATA_VERDICT,
  NFT_SET,
  namedMap,
  namedSet,
  type SetOptions,
  setAttributes,
  setMessage,
  setOperations,
} from './set.ts'
export type { SetState } from './set-state.ts'
export { NFT_TABLE_F, type Table, type TableState, tableAttributes, tableMessage, tableOperations } from './table.ts'
export type { TableMember, TableRef } from './table-member.ts'
export { COMMENT_BYTES, NFT_USERDATA_MAXLEN, readUserData, type UserData } from './user-data.ts'
export { type Verdict, verdict } from './verdict.ts'
