export { type FakeAnswer, FakeExecutor, type RecordedCall } from './fake-executor.ts'
export { type InProcessOptions, inProcessExecutor, type PluginProgram } from './in-process-executor.ts'
export { installNoop } from './install-noop.ts'
export { runNoop } from './noop.ts'
export {
  type NoopCmdArgs,
  type NoopDebug,
  type NoopLogEntry,
  readNoopDebug,
  readNoopLog,
  writeNoopDebug,
} from './noop-debug.ts'
