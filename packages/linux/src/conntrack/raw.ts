// Messages of connection tracking as they are: tables of attributes, operations.
export { connectionAttributes, connectionMessage, connectionOperations, tupleAttributes } from './attributes.ts'
export { decodeConnection } from './connection.ts'
