import { createHash } from 'node:crypto'
import type { Attachment } from '../request/attachment.ts'

/** How many names an attachment's link is tried under. */
export const NAME_ATTEMPTS = 10

/**
 * The name of the link that an ADD makes for an attachment beside the container's interface: `veth` and eight hexadecimal
 * digits of a hash. It follows from the attachment, so that the link is found after a crash.
 *
 * @param attempt another number gives another name, for where the first is taken: from 0 to {@link NAME_ATTEMPTS} - 1
 */
export function linkNameOf({ name, containerId, ifName }: Attachment, attempt = 0): string {
  return `veth${digest(name, containerId, ifName, String(attempt)).subarray(0, 4).toString('hex')}`
}

/** Whether a text can come from {@link linkNameOf}. */
export function isLinkName(text: string): boolean {
  return /^veth[0-9a-f]{8}$/.test(text)
}

/**
 * The group (`IFLA_GROUP`) of the links that a network's ADDs make. It is the mark by which GC knows them: of all that
 * says whose a link is, the kernel takes only this with the request that makes the link. From 0x20000000 to 0x3fffffff:
 * people number theirs from 1.
 */
export function linkGroupOf(network: string): number {
  return 0x20000000 + (digest(network).readUInt32BE(0) & 0x1fffffff)
}

/**
 * The group of links of a network that GC is deleting: the kernel deletes all of a group in one go. It follows from the network,
 * so that the next GC finds what is left of one that was killed. From 0x60000000 to 0x7fffffff.
 */
export function doomedGroupOf(network: string): number {
  return linkGroupOf(network) + 0x40000000
}

/** Nothing that is hashed has a zero byte in it. */
function digest(...parts: readonly string[]): Buffer {
  return createHash('sha512').update(parts.join('\0')).digest()
}
