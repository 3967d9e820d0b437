// Messages of traffic control as they are: codecs, tables of attributes, operations.
export { ActionAttributes, action, actions, GactAttributes, gact, MirredAttributes, mirred } from './actions.ts'
export { MatchallAttributes, matchall } from './filters/matchall.ts'
export { U32Attributes, u32Filter } from './filters/u32.ts'
export {
  ClassAttributes,
  type ClassMessage,
  classAttributes,
  classMessage,
  classOperations,
  FilterAttributes,
  type FilterMessage,
  filterAttributes,
  filterMessage,
  filterOperations,
  QdiscAttributes,
  type QdiscMessage,
  qdiscAttributes,
  qdiscMessage,
  qdiscOperations,
  Tcmsg,
  tcmsg,
} from './message.ts'
export { HtbAttributes, HtbClassAttributes, htb, htbClass } from './qdiscs/htb.ts'
export { TbfAttributes, tbf } from './qdiscs/tbf.ts'
export { ratespec } from './rate.ts'
