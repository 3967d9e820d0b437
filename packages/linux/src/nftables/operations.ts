import { type NetlinkRequest, NLM_F, type Operation } from '../netlink/index.ts'
import { operation, request } from '../netlink/raw.ts'
import { NFNL_SUBSYS, nfnetlinkType } from '../nfnetlink/index.ts'

/** What can be done with one kind of object. */
export interface ObjectOperations<V> {
  readonly new: Operation<V, V>
  readonly get: Operation<V, V>
  readonly delete: Operation<V, V>
  readonly destroy: Operation<V, V>
}

/**
 * The operations `NFT_MSG_NEW*`, `GET*`, `DEL*` and `DESTROY*` on one kind of object.
 *
 * @param kind ends their names: `TABLE`
 * @param first number of the first; the next two follow it
 * @param destroy number of the last, which Linux has since 6.3
 */
export function operationsOn<V>(
  kind: string,
  body: Operation<V, V>['body'],
  numbers: { first: number; destroy: number },
): ObjectOperations<V> {
  const declare = (verb: string, number: number): Operation<V, V> =>
    operation(`NFT_MSG_${verb}${kind}`, nfnetlinkType(NFNL_SUBSYS.NFTABLES, number), body)
  const { first, destroy } = numbers
  return {
    new: declare('NEW', first),
    get: declare('GET', first + 1),
    delete: declare('DEL', first + 2),
    destroy: declare('DESTROY', destroy),
  }
}

/**
 * How an object comes to be: `add` leaves one that is there, `create` refuses then.
 */
export const putFlags = { add: NLM_F.CREATE, create: NLM_F.CREATE | NLM_F.EXCL } as const
export type Put = keyof typeof putFlags

/** How an object goes: `delete` refuses when the object is missing, `destroy` (Linux 6.3) succeeds. */
export type Removal = 'delete' | 'destroy'

/** A request that says what it is about when it is refused. */
export function describedRequest<V>(object: string, operation: Operation<V, V>, value: V, flags = 0): NetlinkRequest {
  return request({ ...operation, describe: () => object }, value, flags)
}
