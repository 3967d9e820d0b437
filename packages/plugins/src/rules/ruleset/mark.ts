import { createHash } from 'node:crypto'
import { shortenedName } from '@patchbay/cni/plugin'
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

/** Bytes of a network's and a container's name, where both together do not fit into a comment. */
const NETWORK_BYTES = 28
const CONTAINER_BYTES = 33

/**
 * The comment that marks rules and elements of an attachment: `HASH-HASH, net: n, if: i, id: c`, in the form of the reference.
 * Programs compare the two hashes; the rest is for people, and has no double quotes. In a comment that would be too long,
 * the names of network and container are shortened by {@link shortenedName}.
 */
export function mark(attachment: Attachment): string {
  const { name, containerId, ifName } = attachment
  const hashes = `${networkHash(name)}-${attachmentHash(attachment)}`
  const text = (network: string, id: string) =>
    `${hashes}, net: ${network}, if: ${ifName}, id: ${id}`.replaceAll('"', '')
  const whole = text(name, containerId)
  if (Buffer.byteLength(whole) <= COMMENT_BYTES) return whole
  return text(shortenedName(name, NETWORK_BYTES), shortenedName(containerId, CONTAINER_BYTES))
}

/** What people read of a mark. Names may be shortened. */
export interface MarkedNames {
  readonly network: string
  readonly containerId: string
}

const names = /^net: (.*), if: .*, id: (.*)$/

/** @returns `undefined` for a comment of another kind, and for one of which nothing of the container is left */
export function namesInMark(comment: string | undefined): MarkedNames | undefined {
  const [, network, containerId] = names.exec(describeMark(comment)) ?? []
  return network === undefined || containerId === undefined ? undefined : { network, containerId }
}

/** Versions until 0.1 cut marks after 128 bytes, or up to three earlier so as not to split a character. */
const CUT_BYTES = COMMENT_BYTES - 3
/** So many characters of the name of a container, which runtimes choose at random, tell it from others. */
const TELLING_LENGTH = 12

/** Whether a mark is of a container, in any network. */
export function isOfContainer(comment: string | undefined, containerId: string): boolean {
  const id = namesInMark(comment)?.containerId
  if (id === undefined) return false
  if (id === containerId || id === shortenedName(containerId, CONTAINER_BYTES)) return true
  const isCut = Buffer.byteLength(comment ?? '') >= CUT_BYTES
  return isCut && id.length >= TELLING_LENGTH && containerId.startsWith(id)
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
