export { openNetfilterSocket } from '../nfnetlink/index.ts'
export {
  connectionAttributes,
  connectionMessage,
  connectionOperations,
  IPS,
  type Protocol,
  TCP_CONNTRACK,
  tupleAttributes,
} from './attributes.ts'
export { type Connection, type ConnectionCounters, type ConnectionTuple, decodeConnection } from './connection.ts'
export type { ConnectionFilter } from './connection-filter.ts'
export { addConnection, addConnectionRequest, deleteConnections, listConnections } from './conntrack.ts'
