export * from './socket/index.ts'
export { DecodeError, NLM_F, type RawMessage } from './wire/index.ts'
