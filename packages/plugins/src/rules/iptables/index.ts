export {
  chainName,
  isNameInComment,
  MAX_COMMENT_BYTES,
  ownerComment,
  parseOwnerComment,
  type RuleOwner,
} from './chain-name.ts'
export { cleanTable } from './clean-table.ts'
export { changeEachVersion, cleanEachVersion, versionsOf } from './each-version.ts'
export { changeTable, findMissingRule, hasIptables, type PlacedRule, readTable, type TableName } from './iptables.ts'
export { isSameRule, type Rule, targetOf, wordAfter } from './rule-text.ts'
export { type Caller, hasTool, runTool, ToolNotFoundError, type ToolOutcome } from './run-tool.ts'
export type { SavedTable } from './saved-table.ts'
export { type Command, TableChange } from './table-change.ts'
