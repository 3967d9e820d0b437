/** One run of a plugin: what it reads, its whole environment, and what cuts it short. */
export interface PluginCall {
  /** The network configuration. */
  stdin: string
  /** The plugin's whole environment: nothing is inherited beside it. */
  env: Readonly<Record<string, string | undefined>>
  /** Aborting it kills the plugin; `run` then rejects with the signal's reason. */
  signal?: AbortSignal
}

/**
 * How plugins are found and run. The default is `processExecutor`; a program that carries plugins itself may run
 * them in-process, and `@patchbay/cni/testing` has one that records its calls.
 */
export interface Executor {
  /** Returns the path of the plugin `type`, the first found in the directories `path`. */
  find(type: string, path: readonly string[]): Promise<string>
  /** Runs the plugin at `path` and returns what it wrote to standard output; rejects when it fails. */
  run(path: string, call: PluginCall): Promise<string>
}
