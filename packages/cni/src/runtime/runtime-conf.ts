import type { Environment, Executor, TraceContext } from '../exec/index.ts'
import type { JsonObject } from '../json/index.ts'

/** One attachment of a container to a network: what a runtime says beside the network's configuration. */
export interface RuntimeConf {
  containerId: string
  /** Path of the container's network namespace; empty on DEL when it is gone. */
  netns: string
  /** Name of the interface in the container. */
  ifName: string
  /** `CNI_ARGS`. */
  args?: readonly (readonly [key: string, value: string])[] | undefined
  /** Values for capabilities; each plugin gets those that its configuration enables, as `runtimeConfig`. */
  capabilityArgs?: Readonly<JsonObject> | undefined
  /** Cache directory, where the `Cni` object has none of its own. */
  cacheDir?: string | undefined
}

export interface CallOptions {
  /**
   * Aborting it kills the plugin that is running; the call rejects with the signal's reason. A plugin in this process stops
   * waiting and takes back what it has made, which the call waits for.
   */
  signal?: AbortSignal | undefined
  /** Handed on to every plugin in its environment. */
  trace?: TraceContext | undefined
}

/** What a `Cni` object works with. */
export interface RuntimeWorld {
  readonly path: readonly string[]
  readonly executor: Executor
  readonly cacheDir: string | undefined
  readonly env: Environment | undefined
}
