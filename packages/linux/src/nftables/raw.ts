// Messages of nf_tables as they are: constants, codecs, tables of attributes, operations.
export { chainAttributes, chainMessage, chainOperations, hookAttributes } from './chain.ts'
export { type Data, dataAttributes, NF, verdictAttributes } from './data.ts'
export {
  elementAttributes,
  elementListAttributes,
  elementMessage,
  elementOperations,
  NFT_SET_ELEM,
} from './element.ts'
export * from './expressions/constants.ts'
export { dynset, expression, statefulExpression } from './expressions/expression.ts'
export {
  batchAttributes,
  batchFrame,
  batchOperations,
  generationAttributes,
  generationMessage,
  generationOperations,
} from './generation.ts'
export { objectAttributes, objectMessage, objectOperations } from './object.ts'
export { ruleAttributes, ruleMessage, ruleOperations } from './rule.ts'
export { NFT_DATA_VERDICT, NFT_SET, setAttributes, setMessage, setOperations } from './set.ts'
export { tableAttributes, tableMessage, tableOperations } from './table.ts'
export { NFT_USERDATA_MAXLEN, readUserData, type UserData } from './user-data.ts'
