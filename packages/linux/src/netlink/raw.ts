// The wire format, for families that are not here: codecs, tables of attributes, messages.
export { operation, request } from './socket/operation.ts'
export * from './wire/index.ts'
