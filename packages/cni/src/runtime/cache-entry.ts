import {
  array,
  formatJson,
  JsonError,
  type JsonObject,
  type JsonValue,
  map,
  object,
  parseJson,
  raw,
  string,
} from '../json/index.ts'
import type { RuntimeConf } from './runtime-conf.ts'

/** `kind` of a cache file. */
export const cacheKind = 'cniCacheV1'

/** What a cache file says of one attachment; of another `kind` than {@link cacheKind} nothing else is meant. */
export interface CacheEntry {
  kind: string
  containerId: string
  networkName: string
  ifName: string
  netns: string
  /** Text of the configuration that the attachment was made with. */
  config: string
  args?: (readonly [key: string, value: string])[]
  capabilityArgs?: JsonObject
  /** What the last plugin printed, on the wire form of its version. */
  result?: JsonObject
}

const cachedInfo = object('libcni.cachedInfo', {
  kind: string,
  containerId: string,
  config: string,
  ifName: string,
  networkName: string,
  netns: string,
  cniArgs: array(array(string)),
  capabilityArgs: map(raw),
  result: map(raw),
})

/** Returns the text of a cache file: compact, these keys in this order, what is empty left out. */
export function formatCacheEntry(config: string, network: string, rt: RuntimeConf, result: JsonObject): string {
  const fields: [key: string, value: JsonValue | undefined][] = [
    ['kind', cacheKind],
    ['containerId', rt.containerId],
    ['config', Buffer.from(config).toString('base64')],
    ['ifName', rt.ifName],
    ['networkName', network],
    ['netns', rt.netns || undefined],
    ['cniArgs', rt.args?.length ? rt.args.map((pair) => [...pair]) : undefined],
    ['capabilityArgs', isEmpty(rt.capabilityArgs) ? undefined : { ...rt.capabilityArgs }],
    ['result', result],
  ]
  const members = fields.flatMap(([key, value]) =>
    value === undefined ? [] : [`"${key}":${formatJson(value, { sortKeys: true })}`],
  )
  return `{${members.join(',')}}`
}

/** Decodes a cache file. Throws JsonError for any other text. */
export function parseCacheEntry(text: string): CacheEntry {
  const { kind = '', config = '', cniArgs, capabilityArgs, result, ...rest } = cachedInfo.decode(parseJson(text))
  return {
    kind,
    containerId: rest.containerId ?? '',
    networkName: rest.networkName ?? '',
    ifName: rest.ifName ?? '',
    netns: rest.netns ?? '',
    config: decodeBase64(config),
    ...(cniArgs ? { args: cniArgs.map(([key = '', value = '']) => [key, value] as const) } : {}),
    ...(capabilityArgs ? { capabilityArgs } : {}),
    ...(result ? { result } : {}),
  }
}

function decodeBase64(text: string): string {
  const bytes = Buffer.from(text, 'base64')
  // Node decodes what it can; a torn text does not come out again as it went in.
  if (bytes.toString('base64') !== text) throw new JsonError('illegal base64 data')
  return bytes.toString()
}

function isEmpty(object: Readonly<JsonObject> | undefined): boolean {
  return object === undefined || Object.keys(object).length === 0
}
