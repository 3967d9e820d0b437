import type { JsonObject } from '../json/index.ts'
import { listCache } from './cache.ts'
import type { CacheEntry } from './cache-entry.ts'

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
  netns: string
  args?: (readonly [key: string, value: string])[]
  capabilityArgs?: JsonObject
}

/** Returns the attachments in a cache directory, sorted by file name; of one container when its id is not empty. */
export async function cachedAttachments(directory: string, containerId: string): Promise<NetworkAttachment[]> {
  const entries = await listCache(directory, (name) => containerId === '' || isOf(containerId, name))
  return entries.filter((entry) => containerId === '' || entry.containerId === containerId).map(toAttachment)
}

/** Returns the attachments to one network. */
export async function attachmentsOf(directory: string, network: string): Promise<NetworkAttachment[]> {
  const entries = await listCache(directory, (name) => name.startsWith(`${network}-`))
  return entries.filter(({ networkName }) => networkName === network).map(toAttachment)
}

/** The id stands between a network's and an interface's name, neither of which is empty. */
function isOf(containerId: string, fileName: string): boolean {
  const part = `-${containerId}-`
  const at = fileName.indexOf(part)
  return at > 0 && at + part.length < fileName.length
}

function toAttachment({ kind: _, result: __, networkName: network, ...rest }: CacheEntry): NetworkAttachment {
  return { network, ...rest }
}
