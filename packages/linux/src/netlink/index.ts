export * from './socket/index.ts'
export * from './wire/index.ts'
