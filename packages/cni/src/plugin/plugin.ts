import type { JsonObject } from '../json/index.ts'
import type { Result } from '../types/index.ts'
import type { Shared } from './shared.ts'

/** The commands of the protocol (CNI 1.1 §"Section 2"). */
export type Command = 'ADD' | 'DEL' | 'CHECK' | 'GC' | 'STATUS' | 'VERSION'

/** The commands that a plugin implements; VERSION is answered from {@link Plugin.versions}. */
export type PluginCommand = Exclude<Command, 'VERSION'>

/**
 * Runs another plugin, found in `CNI_PATH`, with this request's environment and configuration: by exec or in-process.
 * Rejects with what that plugin reports. ADD gives its result, the other commands nothing.
 */
export type Delegate = (type: string, command: PluginCommand, options?: DelegateOptions) => Promise<Result | undefined>

export interface DelegateOptions {
  /** Replaces the configuration that is handed on; the request's own bytes otherwise. */
  stdin?: string | undefined
  /**
   * Cuts the delegate short in place of the request's own signal: {@link AbortSignal.any} has both do so, and a signal that
   * is never aborted lets a step that takes something back go on when the request has been cut short.
   */
  signal?: AbortSignal | undefined
}

/** One call of a plugin: everything it may know about its caller. */
export interface Request {
  readonly command: PluginCommand
  readonly containerId: string
  /** `CNI_NETNS`; empty when the runtime has none to give (DEL after the namespace is gone). */
  readonly netns: string
  readonly ifName: string
  /** `CNI_ARGS` unparsed; see `loadArgs`. */
  readonly args: string
  /** `CNI_PATH` split at the list separator. */
  readonly path: readonly string[]
  /** Path of the caller's own network namespace: what the plugin calls "the host". */
  readonly hostNetns: string
  /** What this call shares with others of the same program. */
  readonly shared: Shared
  /** The whole environment of the caller. */
  readonly env: Readonly<Record<string, string | undefined>>
  /** The network's name, already validated. */
  readonly name: string
  /** `cniVersion` of the configuration; `0.1.0` when it has none. */
  readonly cniVersion: string
  /** The configuration as it came in; decode it with a table of `json`. */
  readonly stdin: string
  /** The same, parsed. */
  readonly config: JsonObject
  /** Writes a human-readable line to the plugin's standard error. */
  readonly warn: (line: string) => void
  readonly delegate: Delegate
  /** Aborted when the caller does not wait any longer: handlers stop waiting, take back what they have made, and throw. */
  readonly signal?: AbortSignal | undefined
}

/**
 * A plugin: what it is called, which versions it speaks, and a handler for each command it has. A command without a
 * handler succeeds and prints nothing. A handler that throws a CniError chooses the code and text that are printed;
 * any other error is printed with code 999.
 */
export interface Plugin {
  readonly name: string
  /** Newest last; all of {@link allVersions} when absent. */
  readonly versions?: readonly string[] | undefined
  /** The result is printed in the version of the configuration. */
  add?(request: Request): Promise<Result>
  del?(request: Request): Promise<void>
  check?(request: Request): Promise<void>
  gc?(request: Request): Promise<void>
  status?(request: Request): Promise<void>
}
