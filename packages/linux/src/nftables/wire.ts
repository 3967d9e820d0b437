import { attributesOf, be32, type Codec, type FixedCodec, NLA_F_NESTED, named, type Writer } from '../netlink/raw.ts'

/** The numbers of a kernel enumeration by its words in lower case: `{ IIFNAME: 6 }` is `'iifname'`. */
export function word<const N extends Record<string, number>>(
  numbers: N,
): FixedCodec<Lowercase<keyof N & string> | number> {
  return new Words(numbers)
}

/** Turns its table round when it is first used: a program that starts uses few of them. */
class Words<W extends string> implements FixedCodec<W | number> {
  readonly size = be32.size
  readonly #numbers: Readonly<Record<string, number>>
  #codec: FixedCodec<string | number> | undefined

  constructor(numbers: Readonly<Record<string, number>>) {
    this.#numbers = numbers
  }

  write(w: Writer, value: W | number): void {
    this.#named().write(w, value)
  }

  read(payload: Uint8Array): W | number {
    // The keys of the table are the words in upper case.
    return this.#named().read(payload) as W | number
  }

  #named(): FixedCodec<string | number> {
    this.#codec ??= named(be32, lowerCase(this.#numbers))
    return this.#codec
  }
}

function lowerCase(numbers: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(Object.entries(numbers).map(([name, value]) => [name.toLowerCase(), value]))
}

/** `<linux/netfilter/nf_tables.h> NFTA_LIST_ELEM` */
const NFTA_LIST_ELEM = 1

/**
 * A list of the kernel's: it writes `NFTA_LIST_ELEM` for the number of each element and looks at none; `nft` counts the
 * elements of a set.
 */
export function elements<T>(codec: Codec<T>): Codec<T[]> {
  return {
    nested: true,
    write(w, values) {
      for (const value of values) w.attribute(NFTA_LIST_ELEM | NLA_F_NESTED, () => codec.write(w, value))
    },
    read: (payload) => attributesOf(payload).map((attribute) => codec.read(attribute.payload)),
    locate(payload, offset) {
      const all = attributesOf(payload)
      const index = all.findLastIndex((attribute) => attribute.offset <= offset)
      const found = all[index]
      if (!found) return []
      const inner = offset - found.offset - 4
      return [String(index), ...(inner < 0 ? [] : (codec.locate?.(found.payload, inner) ?? []))]
    },
  }
}
