export { type Claim, claim, type ElementText } from './claim.ts'
export { deleteOwned, deleteRules, deleteUnusedChain, elementsOf, type IsOurs, type Place } from './delete-owned.ts'
export { type IptablesChain, mayHaveIptablesChain, usesLegacyTable } from './iptables-chain.ts'
export {
  type Attachment,
  attachmentHash,
  describeMark,
  isMarkOf,
  type Mark,
  mark,
  markOf,
  networkHash,
} from './mark.ts'
export { missingElements } from './missing-elements.ts'
export { findRuleset, hasNftables, openRuleset } from './open-ruleset.ts'
export { type PutOptions, putElements } from './put-elements.ts'
export { bridgeTable, inetTable, tableName } from './table.ts'
