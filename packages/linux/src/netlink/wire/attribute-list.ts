import { DecodeError } from './codec.ts'
import { littleEndian, viewOf } from './endian.ts'
import { align } from './writer.ts'

/** `<linux/netlink.h>`: the payload is a list of attributes. */
export const NLA_F_NESTED = 0x8000
/** `<linux/netlink.h>`: the number of an attribute without its two flag bits. */
export const NLA_TYPE_MASK = 0x3fff

/** `<linux/netlink.h>`: bytes of an attribute's header. */
export const NLA_HDRLEN = 4

/**
 * Goes through a list of attributes and stands at one of them, at none before the first {@link next}. Nothing is taken
 * out of the bytes: of what the kernel tells, programs want a tenth.
 */
export class AttributeList {
  readonly bytes: Uint8Array
  /** Number of the attribute, without flag bits. */
  type = 0
  /** Where its payload begins and ends in the bytes. */
  start = 0
  end = 0
  readonly #view: DataView
  readonly #first: number
  readonly #limit: number
  #next: number

  constructor(bytes: Uint8Array, start = 0, end = bytes.length) {
    this.bytes = bytes
    this.#view = viewOf(bytes)
    this.#first = start
    this.#next = start
    this.#limit = end
  }

  /**
   * Goes on to the next attribute, or to the next whose number has an element in `wanted`. Up to three trailing bytes are
   * padding.
   *
   * @returns whether there is one
   * @throws DecodeError when this attribute, or one that was passed over, says that it is longer than what is left
   */
  next(wanted?: readonly unknown[]): boolean {
    const limit = this.#limit
    let at = this.#next
    while (limit - at >= NLA_HDRLEN) {
      const header = this.#view.getUint32(at, littleEndian)
      const length = littleEndian ? header & 0xffff : header >>> 16
      if (length < NLA_HDRLEN || at + length > limit) throw this.#misfit(length, at)
      const type = (littleEndian ? header >>> 16 : header) & NLA_TYPE_MASK
      const next = at + align(length)
      if (wanted === undefined || wanted[type] !== undefined) {
        this.type = type
        this.start = at + NLA_HDRLEN
        this.end = at + length
        this.#next = next
        return true
      }
      at = next
    }
    this.#next = at
    return false
  }

  #misfit(length: number, at: number): DecodeError {
    const [offset, whole] = [at - this.#first, this.#limit - this.#first]
    return new DecodeError('', `attribute of ${length} bytes at offset ${offset} of ${whole}`)
  }

  /** A view of the payload. */
  get payload(): Uint8Array {
    return this.bytes.subarray(this.start, this.end)
  }

  /** Where the attribute's header begins, in bytes from the start of the list. */
  get offset(): number {
    return this.start - NLA_HDRLEN - this.#first
  }

  /** The payloads of all attributes in the list that have this number, wherever it stands. */
  all(type: number): Uint8Array[] {
    const payloads: Uint8Array[] = []
    const list = new AttributeList(this.bytes, this.#first, this.#limit)
    while (list.next()) if (list.type === type) payloads.push(list.payload)
    return payloads
  }

  /** The last of {@link all}, which is the one that counts for the kernel. */
  last(type: number): Uint8Array | undefined {
    let payload: Uint8Array | undefined
    const list = new AttributeList(this.bytes, this.#first, this.#limit)
    while (list.next()) if (list.type === type) payload = list.payload
    return payload
  }
}

/** One attribute as it stands in the bytes. */
export interface RawAttribute {
  /** Without flag bits. */
  type: number
  payload: Uint8Array
  /** Where its header begins, in bytes from the start of the list. */
  offset: number
}

/**
 * The attributes of a list, in order. Up to three trailing bytes are padding.
 *
 * @throws DecodeError when an attribute says that it is longer than what is left
 */
export function attributesOf(bytes: Uint8Array): RawAttribute[] {
  const attributes: RawAttribute[] = []
  const list = new AttributeList(bytes)
  while (list.next()) attributes.push({ type: list.type, payload: list.payload, offset: list.offset })
  return attributes
}
