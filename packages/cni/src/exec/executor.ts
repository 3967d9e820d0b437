import type { JsonObject } from '../json/index.ts'
import type { Result } from '../types/index.ts'

/** One run of a plugin: what it reads, its whole environment, and what cuts it short. */
export interface PluginCall {
  /** The network configuration. */
  stdin: string
  /** The plugin's whole environment: nothing is inherited beside it. */
  env: Readonly<Record<string, string | undefined>>
  /** Aborting it kills the plugin, or tells one in this process to end; the call then rejects with the signal's reason. */
  signal?: AbortSignal | undefined
}

/**
 * How plugins are found and run. The default is `processExecutor`; a program that carries plugins itself runs them
 * in-process with `inProcessExecutor` of `@patchbay/cni/plugin`, and `@patchbay/cni/testing` has one that records its calls.
 */
export interface Executor {
  /** Returns the path of the plugin `type`, the first found in the directories `path`. */
  find(type: string, path: readonly string[]): Promise<string>
  /** Runs the plugin at `path` and returns what it wrote to standard output; rejects when it fails. */
  run(path: string, call: PluginCall): Promise<string>
  /**
   * Runs the plugin at `path` as `run` does, but within this process and in values: gives the result of an ADD, in the version
   * of the configuration, and `undefined` for other commands. Returns `undefined` itself for a plugin that `run` is to run.
   *
   * @param call with the configuration parsed, where the caller has it so
   */
  callInProcess?(path: string, call: PluginCall & { config?: JsonObject }): Promise<Result | undefined> | undefined
}
