import { createHash } from 'node:crypto'
import { quote } from '@patchbay/cni/json'
import { shortenedName } from '@patchbay/cni/plugin'

/** Whom rules belong to. Two interfaces of one container in one network are not told apart. */
export interface RuleOwner {
  /** The network. */
  readonly name: string
  readonly containerId: string
}

/** `<linux/netfilter/x_tables.h> XT_EXTENSION_MAXNAMELEN`, less the end of the text and what is older than that. */
const MAX_NAME = 28

/** The name of an owner's chain: `CNI-`, the prefix, and as much of a hash as there is room for. */
export function chainName(prefix: string, { name, containerId }: RuleOwner): string {
  const digest = createHash('sha512').update(`${name}${containerId}`).digest('hex')
  return `CNI-${prefix}${digest}`.slice(0, MAX_NAME)
}

/** `<linux/netfilter/xt_comment.h> XT_MAX_COMMENT_LEN`, less the end of the text. */
export const MAX_COMMENT_BYTES = 255
/** Of each name, where both together do not fit. */
const MAX_NAME_BYTES = 110

/**
 * The comment that says whose a rule is: `name: "net1" id: "c1"`. Where that does not fit, both names are there as
 * {@link shortenedName} gives them.
 */
export function ownerComment({ name, containerId }: RuleOwner, maxBytes = MAX_COMMENT_BYTES): string {
  const text = `name: ${quote(name)} id: ${quote(containerId)}`
  if (Buffer.byteLength(text) <= maxBytes) return text
  return `name: ${quote(shortenedName(name, MAX_NAME_BYTES))} id: ${quote(shortenedName(containerId, MAX_NAME_BYTES))}`
}

/** Whether a name that a comment has is this one, as it is or shortened. */
export function isNameInComment(found: string, name: string): boolean {
  return found === name || found === shortenedName(name, MAX_NAME_BYTES)
}

/** Neither networks nor containers have names that would be escaped. */
const comment = /name: "([^"\\]*)" id: "([^"\\]*)"$/

/**
 * Whose a rule is, from its comment, with names to be compared by {@link isNameInComment}; `undefined` for a comment of another
 * kind, and for one that the reference has cut.
 */
export function parseOwnerComment(text: string): RuleOwner | undefined {
  const [, name, containerId] = comment.exec(text) ?? []
  return name === undefined || containerId === undefined ? undefined : { name, containerId }
}
