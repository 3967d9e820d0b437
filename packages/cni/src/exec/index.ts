export {
  type DelegateOptions,
  delegateAdd,
  delegateCheck,
  delegateDel,
  delegateGC,
  delegateStatus,
} from './delegate.ts'
export {
  type Environment,
  type PluginArgs,
  pluginEnvironment,
  splitPath,
  type TraceContext,
  withTraceContext,
} from './environment.ts'
export { execWithoutResult, execWithResult, type PluginRun } from './exec-plugin.ts'
export type { Executor, PluginCall } from './executor.ts'
export { findInPath } from './find-in-path.ts'
export { type ExecOptions, execPlugin, processExecutor } from './process-executor.ts'
export { decodeVersionInfo, getVersionInfo, type VersionInfo, type VersionOptions } from './version-info.ts'
