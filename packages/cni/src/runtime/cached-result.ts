import { wrapError } from '../config/error-text.ts'
import { isJsonObject, JsonError, type JsonObject, parseJson, quote } from '../json/index.ts'
import { convertResult, parseResult } from '../types/index.ts'
import { type CacheKey, readCache } from './cache.ts'
import { cacheKind, parseCacheEntry } from './cache-entry.ts'
import type { RuntimeConf } from './runtime-conf.ts'

/**
 * Returns an attachment's last result on the wire form of `version`; `undefined` when the cache has no result of it. Throws
 * Error when names are missing, and when the cached result cannot be decoded or converted.
 */
export function cachedResult(key: CacheKey, version: string): JsonObject | undefined {
  const text = readCache(key)
  if (text === undefined) return undefined
  const json = resultIn(text)
  return json && convert(json, version)
}

/** Returns the configuration that an attachment was made with, and `rt` with the arguments it was made with. */
export function cachedConfig(key: CacheKey): { bytes: string; runtimeConf: RuntimeConf } | undefined {
  const text = readCache(key)
  if (text === undefined) return undefined
  const entry = decodeConfig(text, key.network)
  const { capabilityArgs: _, args, ...rest } = key.rt
  return {
    bytes: entry.config,
    runtimeConf: { ...rest, args: entry.args ?? args, capabilityArgs: entry.capabilityArgs },
  }
}

/** The result in a cache entry, or the whole file when it is no entry: before CNI 0.8 it was the bare result. */
function resultIn(text: string): JsonObject | undefined {
  try {
    const entry = parseCacheEntry(text)
    if (entry.kind === cacheKind) return entry.result
  } catch {
    // Then it is the older kind, or nothing that can be decoded.
  }
  const json = parseJson(text)
  if (!isJsonObject(json)) throw new JsonError('Cannot decode cached result: no JSON object')
  return json
}

function convert(json: JsonObject, version: string): JsonObject {
  const { cniVersion } = parseResult(json)
  try {
    return convertResult(json, cniVersion, version || '0.1.0')
  } catch (error) {
    throw wrapError(`failed to convert cached result to config version ${quote(version)}`, error)
  }
}

function decodeConfig(text: string, network: string) {
  const entry = parse(text, network)
  if (entry.kind === cacheKind) return entry
  throw new Error(`read cached network ${quote(network)} config has wrong kind: ${entry.kind}`)
}

function parse(text: string, network: string) {
  try {
    return parseCacheEntry(text)
  } catch (error) {
    throw wrapError(`failed to unmarshal cached network ${quote(network)} config`, error)
  }
}
