import { wrapError } from '../config/error-text.ts'
import { array, JsonError, object, parseJson, string } from '../json/index.ts'
import { currentVersion } from '../types/index.ts'
import { type Environment, pluginEnvironment, type TraceContext, withTraceContext } from './environment.ts'
import type { Executor } from './executor.ts'

/** What a plugin answers to VERSION (CNI 1.1 §"VERSION Success"). */
export interface VersionInfo {
  /** The newest version it supports. */
  cniVersion: string
  supportedVersions: string[]
}

export interface VersionOptions {
  /** The plugin's environment, beside the protocol's variables; this process's own by default. */
  env?: Environment | undefined
  trace?: TraceContext | undefined
  signal?: AbortSignal | undefined
}

const reply = object('version.pluginInfo', { cniVersion: string, supportedVersions: array(string) })

/**
 * Asks the plugin at `path` which versions it supports; one so old that it does not know VERSION supports 0.1.0.
 * Rejects as the executor does, or with JsonError for an answer that {@link decodeVersionInfo} refuses.
 */
export async function getVersionInfo(
  path: string,
  executor: Executor,
  { env = process.env, trace, signal }: VersionOptions = {},
): Promise<VersionInfo> {
  // The dummies are for old plugins, which insist on having these.
  const args = { command: 'VERSION', netns: 'dummy', ifName: 'dummy', path: 'dummy' }
  const call = {
    stdin: `{"cniVersion":"${currentVersion}"}`,
    env: withTraceContext(pluginEnvironment(args, env), trace),
    ...(signal ? { signal } : {}),
  }
  try {
    return decodeVersionInfo(await executor.run(path, call))
  } catch (error) {
    if (!(error instanceof Error) || error.message !== 'unknown CNI_COMMAND: VERSION') throw error
    return { cniVersion: '0.1.0', supportedVersions: ['0.1.0'] }
  }
}

/**
 * Decodes the answer to VERSION. The one plugin version that did not list what it supports, 0.2.0, supports 0.1.0 and
 * 0.2.0. Throws JsonError for text that is no such answer.
 */
export function decodeVersionInfo(text: string): VersionInfo {
  const { cniVersion, supportedVersions } = decodeReply(text)
  if (!cniVersion) throw new JsonError('decoding version info: missing field cniVersion')
  if (supportedVersions?.length) return { cniVersion, supportedVersions }
  if (cniVersion !== '0.2.0') throw new JsonError('decoding version info: missing field supportedVersions')
  return { cniVersion, supportedVersions: ['0.1.0', '0.2.0'] }
}

function decodeReply(text: string) {
  try {
    return reply.decode(parseJson(text))
  } catch (error) {
    throw wrapError('decoding version info', error)
  }
}
