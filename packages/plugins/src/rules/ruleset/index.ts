export { checkLayout } from './check-layout.ts'
export { type Claim, claim, describe, type ElementText } from './claim.ts'
export { deleteOwned, deleteRules, elementsOf, type Place, withFollowers } from './delete-owned.ts'
export { type IpVersion, ipVersions } from './ip-versions.ts'
export { type IptablesChain, mayHaveIptablesChain, usesLegacyTable } from './iptables-chain.ts'
export { otherVersionsWithChain } from './iptables-versions.ts'
export {
  attachmentHash,
  describeMark,
  type IsOurs,
  isOfContainer,
  isSameOwner,
  type Mark,
  mark,
  markOf,
  markText,
  namesInMark,
  networkHash,
  ownedBy,
  ownedByGone,
  ownerOf,
} from './mark.ts'
export { missingElements } from './missing-elements.ts'
export { findRuleset, type HostOfCall, hasNftables, openRuleset, withRuleset } from './open-ruleset.ts'
export { sourceNat } from './priorities.ts'
export { type PutOptions, putElements } from './put-elements.ts'
export {
  addressesIn,
  findRecord,
  ownerIn,
  type Part,
  type RecordClaim,
  type Recorded,
  type RecordSet,
  recordClaim,
  recordElements,
  recordSet,
  recordsOf,
  wordsOf,
} from './record.ts'
export type { SharedRuleset } from './shared-ruleset.ts'
export { bridgeTable, inetTable, tableName } from './table.ts'
export { explainRefusal, UnsupportedRulesError } from './unsupported-rules.ts'
