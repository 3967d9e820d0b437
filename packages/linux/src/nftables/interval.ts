import type { CIDR, IP } from '@patchbay/address'

/** What of an element says where a range begins or ends. */
interface Boundary {
  readonly key?: { readonly value?: Uint8Array | undefined } | undefined
  readonly flags?: number | undefined
}

/** `<linux/netfilter/nf_tables.h> NFT_SET_ELEM_INTERVAL_END` */
const INTERVAL_END = 1

/** The next value as a number in network order; `undefined` behind the last. */
export function next(bytes: Uint8Array): Uint8Array | undefined {
  const result = bytes.slice()
  for (let at = result.length - 1; at >= 0; at--) {
    result[at] = ((result[at] ?? 0) + 1) & 0xff
    if (result[at] !== 0) return result
  }
  return undefined
}

/** The value before one that is not 0. */
function previous(bytes: Uint8Array): Uint8Array {
  const result = bytes.slice()
  for (let at = result.length - 1; at >= 0; at--) {
    result[at] = ((result[at] ?? 0) - 1) & 0xff
    if (result[at] !== 0xff) break
  }
  return result
}

/**
 * The ranges that the kernel keeps as two elements each, their beginning and the first key behind them: one element
 * each, with the last key as `keyEnd`. In ascending order.
 */
export function joinIntervals<E extends Boundary>(raw: readonly E[]): (E & { keyEnd: { value: Uint8Array } })[] {
  const joined: ReturnType<typeof joinIntervals<E>> = []
  let behind: Uint8Array | undefined
  for (const element of raw.toSorted(compare).reverse()) {
    const value = element.key?.value ?? new Uint8Array()
    if (isEnd(element)) behind = value
    else {
      joined.push({ ...element, keyEnd: { value: behind ? previous(behind) : value.slice().fill(0xff) } })
      // Without an end of its own, a range would go on where this one begins.
      behind = value
    }
  }
  return joined.reverse()
}

function isEnd({ flags = 0 }: Boundary): boolean {
  return (flags & INTERVAL_END) !== 0
}

/** By key; where one range ends as the next begins, the end comes first. */
function compare(a: Boundary, b: Boundary): number {
  const order = Buffer.compare(a.key?.value ?? new Uint8Array(), b.key?.value ?? new Uint8Array())
  return order === 0 ? Number(isEnd(b)) - Number(isEnd(a)) : order
}

/** The first and the last address of a prefix, as an element of a set of ranges has them. */
export function rangeOf(prefix: CIDR): { key: IP; end: IP } {
  return { key: prefix.network, end: prefix.lastAddress }
}
