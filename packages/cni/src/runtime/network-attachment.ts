import { isJsonObject, type JsonObject } from '../json/index.ts'
import { listCache } from './cache.ts'
import type { CacheEntry } from './cache-entry.ts'
import type { CallOptions } from './runtime-conf.ts'

/** Names an attachment within its network. */
export interface AttachmentId {
  containerId: string
  ifName: string
}

/** What the cache remembers of an attachment. */
export interface NetworkAttachment extends AttachmentId {
  network: string
  /** Text of the configuration that it was made with. */
  config: string
  /**
   * Path of the container's namespace: as the cache has it, else as the result does (libcni before 1.2 caches it there
   * alone); empty when neither says.
   */
  netns: string
  args?: (readonly [key: string, value: string])[]
  capabilityArgs?: JsonObject
  /** What the last plugin printed, on the wire form of its version. */
  result?: JsonObject
}

/** Returns the attachments in a cache directory, sorted by file name; of one container when its id is not empty. */
export async function cachedAttachments(
  directory: string,
  containerId: string,
  { signal }: Pick<CallOptions, 'signal'>,
): Promise<NetworkAttachment[]> {
  const entries = await listCache(directory, (name) => containerId === '' || isOf(containerId, name), signal)
  const wanted = entries.filter((entry) => containerId === '' || entry.containerId === containerId)
  return wanted.map((entry) => ({ ...toAttachment(entry), netns: entry.netns || sandboxOf(entry) }))
}

/** Returns the attachments to one network, as DEL is to be called for them: with the namespace that the cache has. */
export async function attachmentsOf(
  directory: string,
  network: string,
  { signal }: Pick<CallOptions, 'signal'>,
): Promise<NetworkAttachment[]> {
  const entries = await listCache(directory, (name) => name.startsWith(`${network}-`), signal)
  return entries.filter(({ networkName }) => networkName === network).map(toAttachment)
}

/** The id stands between a network's and an interface's name, neither of which is empty. */
function isOf(containerId: string, fileName: string): boolean {
  const part = `-${containerId}-`
  const at = fileName.indexOf(part)
  return at > 0 && at + part.length < fileName.length
}

function toAttachment({ kind: _, networkName: network, ...rest }: CacheEntry): NetworkAttachment {
  return { network, ...rest }
}

/** Where the result says that the interface is, or else any interface of the container; results have that since 0.3.0. */
function sandboxOf({ result, ifName }: CacheEntry): string {
  const all = Array.isArray(result?.['interfaces']) ? result['interfaces'].filter(isJsonObject) : []
  const inside = all.filter(({ sandbox }) => typeof sandbox === 'string' && sandbox !== '')
  const { sandbox } = inside.find(({ name }) => name === ifName) ?? inside[0] ?? {}
  return typeof sandbox === 'string' ? sandbox : ''
}
