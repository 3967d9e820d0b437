import { isNetlinkError, type NetlinkError } from '@patchbay/linux/netlink'
import type { Batch } from '@patchbay/linux/nftables'

/** The kernel has nf_tables, but lacks something that the rules need: a family, a type of chain, an expression. */
export class UnsupportedRulesError extends Error {
  override readonly name = 'UnsupportedRulesError'

  constructor(cause: NetlinkError) {
    const { operation, object, reason } = cause
    const lacks = operation === NEW_TABLE ? 'the family of this table' : 'what this needs'
    super(`Cannot add ${object ?? operation}: the kernel's nf_tables lacks ${lacks}: ${reason}`, { cause })
  }
}

const NEW_TABLE = 'NFT_MSG_NEWTABLE'
const declarations = [NEW_TABLE, 'NFT_MSG_NEWCHAIN', 'NFT_MSG_NEWSET', 'NFT_MSG_NEWRULE', 'NFT_MSG_NEWOBJ']

/**
 * The error of a refused transaction, in the words of {@link UnsupportedRulesError} where the kernel lacks something.
 *
 * A kernel names a missing family only since 6.8; before, the first chain with a hook is refused with `ENOENT`, as is
 * whatever else of a kind that the kernel does not have. In a transaction that declares the table first, `ENOENT` for a
 * declaration has no other reason.
 */
export function explainRefusal(error: unknown, { requests }: Pick<Batch, 'requests'>): unknown {
  const isLack =
    isNetlinkError(error, 'EOPNOTSUPP', 'EAFNOSUPPORT', 'EPROTONOSUPPORT', 'ENOENT') &&
    declarations.includes(error.operation) &&
    requests.some(({ name }) => name === NEW_TABLE)
  return isLack ? new UnsupportedRulesError(error) : error
}
