import type { JsonObject } from '../json/index.ts'
import type { Result } from '../types/index.ts'
import { type Environment, type PluginArgs, pluginEnvironment, splitPath, type TraceContext } from './environment.ts'
import { execForResult, execWithoutResult, type PluginRun } from './exec-plugin.ts'
import type { Executor } from './executor.ts'

/** How a plugin runs another one (CNI 1.1 §"Section 4: Plugin Delegation"). */
export interface DelegateOptions {
  executor: Executor
  /** The delegate's parameters, or just the ones this plugin was given, which is the default. */
  args?: Omit<PluginArgs, 'command'> | 'inherit' | undefined
  /** What the delegate's environment is made from; this process's own by default. */
  env?: Environment | undefined
  /** Version of the configuration, where the caller knows it; otherwise it is read from there. */
  cniVersion?: string | undefined
  /** The configuration parsed, where the caller has it so; it is not parsed again for a plugin in this process. */
  config?: JsonObject | undefined
  trace?: TraceContext | undefined
  /** Aborting it cuts the delegate short; the call rejects with the signal's reason. */
  signal?: AbortSignal | undefined
}

/**
 * Runs the plugin `type`, found in the `CNI_PATH` that it is given, with ADD and the configuration `stdin`, and
 * returns its result. Rejects with Error when the plugin is not found, and as the executor does.
 */
export async function delegateAdd(type: string, stdin: string, options: DelegateOptions): Promise<Result> {
  const { path, run } = await prepare(type, 'ADD', stdin, options)
  return execForResult(path, options.executor, run)
}

/** Runs the plugin `type` with CHECK; as {@link delegateAdd}, without a result. */
export function delegateCheck(type: string, stdin: string, options: DelegateOptions): Promise<void> {
  return delegate(type, 'CHECK', stdin, options)
}

/** Runs the plugin `type` with DEL; as {@link delegateAdd}, without a result. */
export function delegateDel(type: string, stdin: string, options: DelegateOptions): Promise<void> {
  return delegate(type, 'DEL', stdin, options)
}

/** Runs the plugin `type` with GC; as {@link delegateAdd}, without a result. */
export function delegateGC(type: string, stdin: string, options: DelegateOptions): Promise<void> {
  return delegate(type, 'GC', stdin, options)
}

/** Runs the plugin `type` with STATUS; as {@link delegateAdd}, without a result. */
export function delegateStatus(type: string, stdin: string, options: DelegateOptions): Promise<void> {
  return delegate(type, 'STATUS', stdin, options)
}

async function delegate(type: string, command: string, stdin: string, options: DelegateOptions): Promise<void> {
  const { path, run } = await prepare(type, command, stdin, options)
  await execWithoutResult(path, options.executor, run)
}

async function prepare(
  type: string,
  command: string,
  stdin: string,
  { executor, args = 'inherit', env = process.env, ...run }: DelegateOptions,
): Promise<{ path: string; run: PluginRun }> {
  const given = args === 'inherit' ? withCommand(env, command) : pluginEnvironment({ ...args, command }, env)
  const path = await executor.find(type, splitPath(given['CNI_PATH'] ?? ''))
  return { path, run: { ...run, stdin, args: 'inherit', env: given } }
}

function withCommand(env: Environment, command: string): Environment {
  return env['CNI_COMMAND'] === command ? env : { ...env, CNI_COMMAND: command }
}
