import { type Codec, DecodeError } from './codec.ts'
import { u16At, u32At } from './endian.ts'
import { u16, u32 } from './scalar.ts'
import { struct } from './struct.ts'
import { align, type Writer } from './writer.ts'

/** `<linux/netlink.h> NLMSG_*`: message types of netlink itself. */
export const NLMSG = { NOOP: 1, ERROR: 2, DONE: 3, OVERRUN: 4 } as const

/** `<linux/netlink.h> NLM_F_*`: flags of a message. */
export const NLM_F = {
  REQUEST: 0x1,
  MULTI: 0x2,
  ACK: 0x4,
  ECHO: 0x8,
  DUMP_INTR: 0x10,
  DUMP_FILTERED: 0x20,
  ROOT: 0x100,
  MATCH: 0x200,
  DUMP: 0x300,
  REPLACE: 0x100,
  EXCL: 0x200,
  CREATE: 0x400,
  APPEND: 0x800,
  NONREC: 0x100,
  BULK: 0x200,
  CAPPED: 0x100,
  ACK_TLVS: 0x200,
} as const

/** `struct nlmsghdr`, `<linux/netlink.h>`. */
export const messageHeader = struct({ length: u32, type: u16, flags: u16, sequence: u32, portId: u32 })

/** Bytes of `struct nlmsghdr`. */
export const HEADER_BYTES = messageHeader.size

/** A message taken from a datagram. */
export interface RawMessage {
  type: number
  flags: number
  sequence: number
  portId: number
  /** What follows the header. */
  body: Uint8Array
}

/** Goes through the messages of a datagram and stands at one of them, at none before the first {@link next}. */
export class MessageList {
  readonly bytes: Uint8Array
  /** Where the body begins and ends in the bytes. */
  start = 0
  end = 0
  readonly #length: number
  #next = 0

  /** @param length how much of `bytes` the datagram is */
  constructor(bytes: Uint8Array, length = bytes.length) {
    this.bytes = bytes
    this.#length = length
  }

  /**
   * Goes on to the next message.
   *
   * @returns whether there is one
   * @throws DecodeError when the message says that it is longer than what is left, or shorter than its header
   */
  next(): boolean {
    const at = this.#next
    if (this.#length - at < HEADER_BYTES) return false
    const length = u32At(this.bytes, at)
    if (length < HEADER_BYTES || at + length > this.#length)
      throw new DecodeError('', `message of ${length} bytes at offset ${at} of ${this.#length}`)
    this.start = at + HEADER_BYTES
    this.end = at + length
    this.#next = at + align(length)
    return true
  }

  get type(): number {
    return u16At(this.bytes, this.start - 12)
  }

  get flags(): number {
    return u16At(this.bytes, this.start - 10)
  }

  get sequence(): number {
    return u32At(this.bytes, this.start - 8)
  }

  get portId(): number {
    return u32At(this.bytes, this.start - 4)
  }

  /** A view of what follows the header. */
  get body(): Uint8Array {
    return this.bytes.subarray(this.start, this.end)
  }

  /** What follows the header, for those who keep it longer than the bytes stay as they are. */
  copyBody(): Uint8Array {
    return this.bytes.slice(this.start, this.end)
  }

  /** The message, with a copy of its body. */
  copy(): RawMessage {
    const { type, flags, sequence, portId } = this
    return { type, flags, sequence, portId, body: this.copyBody() }
  }
}

/**
 * The messages of a datagram, in order.
 *
 * @throws DecodeError when a message says that it is longer than what is left, or shorter than its header
 */
export function messagesOf(datagram: Uint8Array): RawMessage[] {
  const messages: RawMessage[] = []
  const list = new MessageList(datagram)
  while (list.next()) {
    const { type, flags, sequence, portId, body } = list
    messages.push({ type, flags, sequence, portId, body })
  }
  return messages
}

/** Writes one message: header, what `body` writes, padding. */
export function writeMessage(w: Writer, header: { type: number; flags: number; sequence: number }, body: () => void) {
  const start = beginMessage(w, header)
  body()
  endMessage(w, start)
}

/** Writes the header of a message; the body is written next. The result is for {@link endMessage}. */
export function beginMessage(w: Writer, header: { type: number; flags: number; sequence: number }): number {
  const start = w.length
  messageHeader.write(w, header)
  return start
}

/** Writes the length of the message that has begun at `start`, and its padding. */
export function endMessage(w: Writer, start: number): void {
  w.patchU32(start, w.length - start)
  w.pad()
}

/** A codec whose values are objects: a struct or a table of attributes. */
interface ObjectCodec<V> extends Codec<V> {
  write(w: Writer, value: Partial<V>): void
  readAt(bytes: Uint8Array, start: number, end: number): V
  decodeInto(target: object, bytes: Uint8Array, start: number, end: number): void
}

/** Lays out the fixed header of a message. */
interface HeaderCodec<H> extends ObjectCodec<H> {
  readonly size: number
}

/** Lays out the attributes that follow the header of a message. */
interface BodyCodec<A> extends ObjectCodec<A> {
  readonly prefix: string
  locate(payload: Uint8Array, offset: number): string[]
}

/** A fixed header and the attributes that follow it. */
export interface Message<H, A> {
  header: H
  attributes: A
}

/** A message to write. Header fields left out are zero. */
export interface PartialMessage<M extends Message<unknown, unknown>> {
  header?: Partial<M['header']>
  attributes?: M['attributes']
}

/** The codec of what follows `nlmsghdr` in one family of messages. */
export interface MessageCodec<M extends Message<unknown, unknown>> {
  readonly prefix: string
  readonly header: HeaderCodec<M['header']>
  readonly attributes: BodyCodec<M['attributes']>
  write(w: Writer, value: PartialMessage<M>): void
  read(body: Uint8Array): M
  locate(body: Uint8Array, offset: number): string[]
}

/** Lays out a fixed header and, after it, the attributes of a table. */
export function message<H, A>(header: HeaderCodec<H>, attributes: BodyCodec<A>): MessageCodec<Message<H, A>> {
  const start = align(header.size)
  return {
    prefix: attributes.prefix,
    header,
    attributes,
    write(w, value) {
      header.write(w, value.header ?? {})
      w.zeros(start - header.size)
      attributes.write(w, value.attributes ?? {})
    },
    read(body) {
      return {
        header: header.readAt(body, 0, body.length),
        attributes: attributes.readAt(body, Math.min(start, body.length), body.length),
      }
    },
    locate: (body, offset) => (offset < start ? [] : attributes.locate(body.subarray(start), offset - start)),
  }
}

/**
 * As {@link message}, with header fields and attributes side by side in one value. For families in which no name
 * stands for both.
 */
export function flatMessage<H extends object, A extends object>(
  header: HeaderCodec<H>,
  attributes: BodyCodec<A>,
): FlatMessageCodec<H & A> {
  const { prefix, locate } = message(header, attributes)
  const start = align(header.size)
  return {
    prefix,
    attributes,
    write(w, value) {
      header.write(w, value)
      w.zeros(start - header.size)
      attributes.write(w, value)
    },
    read(body) {
      const value = {} as H & A
      header.decodeInto(value, body, 0, body.length)
      attributes.decodeInto(value, body, Math.min(start, body.length), body.length)
      return value
    },
    locate,
  }
}

/** The codec of {@link flatMessage}. */
export interface FlatMessageCodec<V> {
  readonly prefix: string
  readonly attributes: BodyCodec<Partial<V>>
  write(w: Writer, value: Partial<V>): void
  read(body: Uint8Array): V
  locate(body: Uint8Array, offset: number): string[]
}
