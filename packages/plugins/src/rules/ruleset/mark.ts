import { createHash } from 'node:crypto'
import { shortenedName } from '@patchbay/cni/plugin'
import { COMMENT_BYTES } from '@patchbay/linux/nftables'
import type { Attachment } from '../../request/attachment.ts'

/** Whose an element or a rule is. */
export interface Mark {
  readonly network: string
  /** Of the interface and the container; the same in every network. */
  readonly attachment: string
}

const HASH_LENGTH = 16
/** The third hash is missing in marks of versions until 0.1. */
const pattern = /^([0-9a-f]{16})-([0-9a-f]{16})(?:-([0-9a-f]{16}))?(?:, |$)/

export function networkHash(network: string): string {
  return hash(network)
}

export function attachmentHash({ containerId, ifName }: Omit<Attachment, 'name'>): string {
  return hash(`${ifName}:${containerId}`)
}

/** Whose the elements of an attachment are. */
export function ownerOf(attachment: Attachment): Mark {
  return { network: networkHash(attachment.name), attachment: attachmentHash(attachment) }
}

/** A mark without names, for {@link IsOurs}. */
export function markText({ network, attachment }: Mark): string {
  return `${network}-${attachment}`
}

/** Bytes of a network's name, where not all fits into a comment. */
const NETWORK_BYTES = 26
const ELLIPSIS = '…'

/**
 * The comment of what belongs to an attachment: `HASH-HASH-HASH, net: n, if: i, id: c`. The hashes decide: of the network, of
 * interface and container, and of the container. The names are human-readable, without double quotes. Where they do not fit, that of the
 * network is there as {@link shortenedName} gives it, and that of the container is cut.
 */
export function mark(attachment: Attachment): string {
  const { name, containerId, ifName } = attachment
  const hashes = `${markText(ownerOf(attachment))}-${hash(containerId)}`
  const text = (network: string, id: string) =>
    `${hashes}, net: ${network}, if: ${ifName}, id: ${id}`.replaceAll('"', '')
  const whole = text(name, containerId)
  if (Buffer.byteLength(whole) <= COMMENT_BYTES) return whole
  const network = shortenedName(name, NETWORK_BYTES)
  return text(network, cut(containerId, COMMENT_BYTES - Buffer.byteLength(text(network, ''))))
}

function cut(name: string, maxBytes: number): string {
  if (Buffer.byteLength(name) <= maxBytes) return name
  const bytes = Buffer.from(name).subarray(0, maxBytes - Buffer.byteLength(ELLIPSIS))
  // In streaming mode a character that is split at the end is left out.
  return `${new TextDecoder().decode(bytes, { stream: true })}${ELLIPSIS}`
}

/** The names in a mark, which may be shortened. */
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

/** Whether a mark is of a container, in any network. */
export function isOfContainer(comment: string | undefined, containerId: string): boolean {
  const container = pattern.exec(comment ?? '')?.[3]
  return container === undefined ? isNamedContainer(comment, containerId) : container === hash(containerId)
}

/** Versions until 0.1 shortened the name of a container to so many bytes, where not all fitted. */
const SHORTENED_BYTES = 33
/** Before, they cut marks after 128 bytes, or up to three earlier so as not to split a character. */
const CUT_BYTES = COMMENT_BYTES - 3
/** So many characters of the name of a container, which runtimes choose at random, tell it from others. */
const TELLING_LENGTH = 12

/** Of a mark without a hash of the container: by its name. */
function isNamedContainer(comment: string | undefined, containerId: string): boolean {
  const id = namesInMark(comment)?.containerId
  if (id === undefined) return false
  if (id === containerId || id === shortenedName(containerId, SHORTENED_BYTES)) return true
  const isCut = Buffer.byteLength(comment ?? '') >= CUT_BYTES
  return isCut && id.length >= TELLING_LENGTH && containerId.startsWith(id)
}

/** @returns `undefined` for a comment of another kind, and for none */
export function markOf(comment: string | undefined): Mark | undefined {
  const [, network, attachment] = pattern.exec(comment ?? '') ?? []
  return network === undefined || attachment === undefined ? undefined : { network, attachment }
}

/** Whether two marks are of one attachment, whichever version has made them. */
export function isSameOwner(a: string | undefined, b: string | undefined): boolean {
  const [one, other] = [markOf(a), markOf(b)]
  return one !== undefined && one.network === other?.network && one.attachment === other.attachment
}

/** Tells by its comment whether an element or a rule is of some owner. */
export type IsOurs = (comment: string | undefined) => boolean

/** Tells what belongs to an attachment. */
export function ownedBy(attachment: Attachment): IsOurs {
  const text = markText(ownerOf(attachment))
  return (comment) => isSameOwner(comment, text)
}

/** Tells what belongs to attachments of a network that are not among those that are alive. */
export function ownedByGone(network: string, alive: readonly Omit<Attachment, 'name'>[]): IsOurs {
  const [hash, attachments] = [networkHash(network), new Set(alive.map(attachmentHash))]
  return (comment) => {
    const found = markOf(comment)
    return found?.network === hash && !attachments.has(found.attachment)
  }
}

/** The human-readable part of a mark: `net: n, if: i, id: c`. */
export function describeMark(comment: string | undefined): string {
  return (comment ?? '').replace(pattern, '')
}

function hash(text: string): string {
  return createHash('sha512').update(text).digest('hex').slice(0, HASH_LENGTH)
}
