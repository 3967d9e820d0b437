export { type Claim, claim, describe, type ElementText } from './claim.ts'
export { deleteOwned, deleteRules, elementsOf, type Place } from './delete-owned.ts'
export { byEither } from './either-backend.ts'
export { type IptablesChain, mayHaveIptablesChain, usesLegacyTable } from './iptables-chain.ts'
export {
  type Attachment,
  attachmentHash,
  describeMark,
  type IsOurs,
  isOfContainer,
  type Mark,
  mark,
  markOf,
  namesInMark,
  networkHash,
  ownedBy,
  ownedByGone,
} from './mark.ts'
export { missingElements } from './missing-elements.ts'
export { findRuleset, hasNftables, openRuleset } from './open-ruleset.ts'
export { type PutOptions, putElements } from './put-elements.ts'
export type { SharedRuleset } from './shared-ruleset.ts'
export { bridgeTable, inetTable, tableName } from './table.ts'
export { explainRefusal, UnsupportedRulesError } from './unsupported-rules.ts'
