import type { Environment, Executor } from '../exec/index.ts'
import type { Shared } from './shared.ts'

/**
 * Everything outside of a plugin that one call of it touches. A one-shot process has its own, see {@link runPlugin};
 * a daemon gives the caller's.
 */
export interface PluginWorld {
  /** The caller's environment. */
  readonly env: Environment
  /** Reads the configuration to its end; called once at most, and never for VERSION. */
  readStdin(): Promise<string>
  /** Gets the one document that a call prints; not called when it prints none. */
  stdout(text: string): void
  /** Gets human-readable messages, in whole lines. */
  stderr(text: string): void
  /** Finds and runs the plugins that this one delegates to. */
  readonly executor: Executor
  /** Path of the caller's network namespace: what the plugin calls "the host". */
  readonly hostNetns: string
  /** What the call shares with others of the same program; when absent, it has its own and leaves nothing of it open. */
  readonly shared?: Shared | undefined
  /** Version of the plugin's program, as its about text gives it: `v1.9.1`. */
  readonly about?: string | undefined
  /** Becomes the request's: it cuts the call short. */
  readonly signal?: AbortSignal | undefined
}
