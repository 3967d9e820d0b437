import { wrapError } from '../config/error-text.ts'
import { JsonError, type JsonObject, parseJson } from '../json/index.ts'
import { convertResult, decodeVersion, type Result, stampResult } from '../types/index.ts'
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
 * executor does, and with SyntaxError or TypeError for a result that cannot be decoded.
 */
export async function execWithResult(path: string, executor: Executor, run: PluginRun): Promise<JsonObject> {
  const json = await execStamped(path, executor, run)
  // A result that no later plugin could read fails here, at the plugin that printed it.
  return convertResult(json, json.cniVersion, json.cniVersion)
}

/** As {@link execWithResult}, but returns the result decoded. */
export async function execForResult(path: string, executor: Executor, run: PluginRun): Promise<Result> {
  return parsePrintedResult(await execStamped(path, executor, run))
}

async function execStamped(path: string, executor: Executor, run: PluginRun): Promise<ReturnType<typeof stampResult>> {
  const version = run.cniVersion || configVersion(run.stdin)
  return stampResult(await execute(path, executor, run), version)
}

/** Runs the plugin at `path`; what it prints does not matter. Rejects as the executor does. */
export async function execWithoutResult(path: string, executor: Executor, run: PluginRun): Promise<void> {
  await execute(path, executor, run)
}

function execute(path: string, executor: Executor, run: PluginRun): Promise<string> {
  const env = withTraceContext(pluginEnvironment(run.args, run.env ?? process.env), run.trace)
  return executor.run(path, { stdin: run.stdin, env, ...(run.signal ? { signal: run.signal } : {}) })
}

function configVersion(stdin: string): string {
  try {
    return decodeVersion(parseJson(stdin))
  } catch (error) {
    throw error instanceof JsonError ? wrapError('decoding version from network config', error) : error
  }
}
