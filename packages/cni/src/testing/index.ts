export { type FakeAnswer, FakeExecutor, type RecordedCall } from './fake-executor.ts'
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
export { type PluginProgram, programExecutor } from './program-executor.ts'
