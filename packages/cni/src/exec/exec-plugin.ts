import { wrapError } from '../config/error-text.ts'
import { JsonError, type JsonObject, type JsonValue, parseJson } from '../json/index.ts'
import { convertResult, decodeVersion, type Result, resultToJson, stampResult } from '../types/index.ts'
import { parsePrintedResult } from '../types/result-json.ts'
import {
  type Environment,
  type PluginArgs,
  pluginEnvironment,
  type TraceContext,
  withTraceContext,
} from './environment.ts'
import type { Executor } from './executor.ts'

/** One run of a plugin, in the words of the protocol. */
export interface PluginRun {
  /** The network configuration. */
  stdin: string
  /** The same, parsed, where the caller has it so. */
  config?: JsonObject | undefined
  /** The protocol's parameters, or those that `env` has already. */
  args: PluginArgs | 'inherit'
  /** What the plugin's environment is made from; this process's own by default. */
  env?: Environment | undefined
  /** Version of the configuration, where the caller knows it; otherwise it is read from `stdin`. */
  cniVersion?: string | undefined
  trace?: TraceContext | undefined
  signal?: AbortSignal | undefined
}

/**
 * Runs the plugin at `path` and returns the result that it printed, in the version that it printed it in, without the
 * keys that this version does not have. A result that says no version is in the configuration's. Rejects as the
 * executor does, with JsonError or TypeError for a result that cannot be decoded, and with the reason of an aborted signal.
 */
export async function execWithResult(path: string, executor: Executor, run: PluginRun): Promise<JsonObject> {
  const answer = await executeAdd(path, executor, run)
  if (answer.result !== undefined) return resultToJson(answer.result, answer.result.cniVersion)
  const json = stampResult(answer.stdout, answer.version)
  // A result that no later plugin could read fails here, at the plugin that printed it.
  return convertResult(json, json.cniVersion, json.cniVersion)
}

/**
 * As {@link execWithResult}, but returns the result decoded. The cause of an error in the result names the plugin.
 */
export async function execForResult(path: string, executor: Executor, run: PluginRun): Promise<Result> {
  const answer = await executeAdd(path, executor, run)
  if (answer.result !== undefined) return answer.result
  const json = stampResult(answer.stdout, answer.version)
  try {
    return parsePrintedResult(json)
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    const cause = new JsonError(`Cannot read the result of plugin "${path}"`, { cause: error })
    throw new JsonError(error.message, { cause })
  }
}

/** Runs the plugin at `path`; what it prints does not matter. Rejects as {@link execWithResult} does. */
export async function execWithoutResult(path: string, executor: Executor, run: PluginRun): Promise<void> {
  await execute(path, executor, run)
}

/** What a plugin gave: a value in this process, or what it printed. */
type Answer = { readonly result: Result } | { readonly result?: undefined; readonly stdout: string }

async function executeAdd(path: string, executor: Executor, run: PluginRun): Promise<Answer & { version: string }> {
  const version = run.cniVersion || configVersion(run.stdin)
  return { ...(await execute(path, executor, run)), version }
}

async function execute(path: string, executor: Executor, run: PluginRun): Promise<Answer> {
  const { stdin, config, signal } = run
  signal?.throwIfAborted()
  const env = withTraceContext(pluginEnvironment(run.args, run.env ?? process.env), run.trace)
  const call = { stdin, env, ...(signal && { signal }) }
  try {
    const called = executor.callInProcess?.(path, config ? { ...call, config } : call)
    if (called === undefined) return { stdout: await executor.run(path, call) }
    const result = await called
    return result === undefined ? { stdout: '' } : { result }
  } catch (error) {
    // A plugin in this process says in words of its own that it was cut short.
    signal?.throwIfAborted()
    throw error
  }
}

function configVersion(stdin: string): string {
  let config: JsonValue
  try {
    config = parseJson(stdin)
  } catch (error) {
    throw wrapError('decoding version from network config', error)
  }
  return decodeVersion(config)
}
