import { createHash } from 'node:crypto'
import { COMMENT_BYTES } from '@patchbay/linux/nftables'

/** An interface of a container in a network. A request is one. */
export interface Attachment {
  /** The network. */
  readonly name: string
  readonly containerId: string
  readonly ifName: string
}

/** Whose an element or a rule is. */
export interface Mark {
  readonly network: string
  /** Of the interface and the container; the same in every network. */
  readonly attachment: string
}

const HASH_LENGTH = 16
const pattern = /^([0-9a-f]{16})-([0-9a-f]{16})(?:, |$)/

export function networkHash(network: string): string {
  return hash(network)
}

export function attachmentHash({ containerId, ifName }: Omit<Attachment, 'name'>): string {
  return hash(`${ifName}:${containerId}`)
}

/**
 * The comment of what belongs to an attachment: `HASH-HASH, net: n, if: i, id: c`, as the reference has it. The two
 * hashes decide; what follows is for people, without double quotes and cut to what a comment may have.
 */
export function mark(attachment: Attachment): string {
  const { name, containerId, ifName } = attachment
  const hashes = `${networkHash(name)}-${attachmentHash(attachment)}`
  return cut(`${hashes}, net: ${name}, if: ${ifName}, id: ${containerId}`.replaceAll('"', ''))
}

/** @returns `undefined` for a comment of another kind, and for none */
export function markOf(comment: string | undefined): Mark | undefined {
  const [, network, attachment] = pattern.exec(comment ?? '') ?? []
  return network === undefined || attachment === undefined ? undefined : { network, attachment }
}

/** Tells by its comment whether an element or a rule is of some owner. */
export type IsOurs = (comment: string | undefined) => boolean

/** Tells what belongs to an attachment. */
export function ownedBy(attachment: Attachment): IsOurs {
  const [network, own] = [networkHash(attachment.name), attachmentHash(attachment)]
  return (comment) => {
    const found = markOf(comment)
    return found?.network === network && found.attachment === own
  }
}

/** Tells what belongs to attachments of a network that are not among those that are alive. */
export function ownedByGone(network: string, alive: readonly Omit<Attachment, 'name'>[]): IsOurs {
  const [hash, attachments] = [networkHash(network), new Set(alive.map(attachmentHash))]
  return (comment) => {
    const found = markOf(comment)
    return found?.network === hash && !attachments.has(found.attachment)
  }
}

/** Says to people whose a mark is: `net: n, if: i, id: c`. */
export function describeMark(comment: string | undefined): string {
  return (comment ?? '').replace(pattern, '')
}

function hash(text: string): string {
  return createHash('sha512').update(text).digest('hex').slice(0, HASH_LENGTH)
}

/** Never in the middle of a character. */
function cut(text: string): string {
  const bytes = Buffer.from(text)
  if (bytes.length <= COMMENT_BYTES) return text
  return new TextDecoder().decode(bytes.subarray(0, COMMENT_BYTES), { stream: true })
}
