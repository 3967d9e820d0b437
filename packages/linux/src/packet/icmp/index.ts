export { type Echo, writeEchoRequest } from './echo.ts'
export type { Failure } from './failure.ts'
export { type Answer, readAnswer } from './read-answer.ts'
