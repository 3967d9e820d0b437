import { createHash } from 'node:crypto'
import { quote } from '@patchbay/cni/json'

/** Whom rules belong to. Two interfaces of one container in one network are not told apart. */
export interface Owner {
  /** The network. */
  readonly name: string
  readonly containerId: string
}

/** `<linux/netfilter/x_tables.h> XT_EXTENSION_MAXNAMELEN`, less the end of the text and what is older than that. */
const MAX_NAME = 28

/** The name of an owner's chain: `CNI-`, the prefix, and as much of a hash as there is room for. */
export function chainName(prefix: string, { name, containerId }: Owner): string {
  const digest = createHash('sha512').update(`${name}${containerId}`).digest('hex')
  return `CNI-${prefix}${digest}`.slice(0, MAX_NAME)
}

/** The comment that says whose a rule is: `name: "net1" id: "c1"`. */
export function ownerComment({ name, containerId }: Owner): string {
  return `name: ${quote(name)} id: ${quote(containerId)}`
}

/** Neither networks nor containers have names that would be escaped. */
const comment = /name: "([^"\\]*)" id: "([^"\\]*)"$/

/** Whose a rule is, from its comment; `undefined` for a comment of another kind, and for one that was cut. */
export function parseOwnerComment(text: string): Owner | undefined {
  const [, name, containerId] = comment.exec(text) ?? []
  return name === undefined || containerId === undefined ? undefined : { name, containerId }
}
