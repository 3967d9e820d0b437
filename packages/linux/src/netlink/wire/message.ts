import { type Attributes, type AttributesCodec, attr, attributes, type Table } from './attributes.ts'
import { DecodeError, type Value } from './codec.ts'
import { u16At, u32At } from './endian.ts'
import { binary, s32, s64, string, u16, u32, u64 } from './scalar.ts'
import { type StructCodec, struct } from './struct.ts'
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
   * @throws DecodeError when its length does not fit
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
 * @throws DecodeError when a length does not fit
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

// biome-ignore lint/suspicious/noExplicitAny: the field types are recovered by `Struct`
type AnyStruct = StructCodec<any>

/** A fixed header and the attributes that follow it. */
export interface Message<H extends AnyStruct, A extends AttributesCodec<Table>> {
  header: Value<H>
  attributes: Value<A>
}

/** The codec of what follows `nlmsghdr` in one family of messages. Header fields left out are zero. */
export interface MessageCodec<H extends AnyStruct, A extends AttributesCodec<Table>> {
  readonly prefix: string
  readonly header: H
  readonly attributes: A
  write(w: Writer, value: { header?: Partial<Value<H>>; attributes?: Value<A> }): void
  read(body: Uint8Array): Message<H, A>
  locate(body: Uint8Array, offset: number): string[]
}

/** Lays out a fixed header and, after it, the attributes of a table. */
export function message<H extends AnyStruct, A extends AttributesCodec<Table>>(
  header: H,
  attributes: A,
): MessageCodec<H, A> {
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
        header: header.readAt(body, 0, body.length) as Value<H>,
        attributes: attributes.readAt(body, Math.min(start, body.length), body.length) as Value<A>,
      }
    },
    locate: (body, offset) => (offset < start ? [] : attributes.locate(body.subarray(start), offset - start)),
  }
}

/**
 * As {@link message}, with header fields and attributes side by side in one value. For families in which no name
 * stands for both.
 */
export function flatMessage<H extends AnyStruct, A extends AttributesCodec<Table>>(
  header: H,
  attributes: A,
): FlatMessageCodec<H, A> {
  const codec = message(header, attributes)
  return {
    prefix: codec.prefix,
    header,
    attributes,
    write(w, value) {
      codec.write(w, { header: value as Partial<Value<H>>, attributes: value as Value<A> })
    },
    read(body) {
      const value = {} as Value<H> & Value<A>
      header.decodeInto(value, body, 0, body.length)
      attributes.decodeInto(value, body, Math.min(align(header.size), body.length), body.length)
      return value
    },
    locate: codec.locate,
  }
}

/** The codec of {@link flatMessage}. */
export interface FlatMessageCodec<H extends AnyStruct, A extends AttributesCodec<Table>> {
  readonly prefix: string
  readonly header: H
  readonly attributes: A
  write(w: Writer, value: Partial<Value<H>> & Value<A>): void
  read(body: Uint8Array): Value<H> & Value<A>
  locate(body: Uint8Array, offset: number): string[]
}

/** Range and type that the kernel wanted of an attribute, `<linux/netlink.h> NL_POLICY_TYPE_ATTR_*`. */
export const policy = attributes('NL_POLICY_TYPE_ATTR', {
  type: attr(1, u32),
  minValueS: attr(2, s64),
  maxValueS: attr(3, s64),
  minValueU: attr(4, u64),
  maxValueU: attr(5, u64),
  minLength: attr(6, u32),
  maxLength: attr(7, u32),
  policyIdx: attr(8, u32),
  policyMaxtype: attr(9, u32),
  bitfield32Mask: attr(10, u32),
  mask: attr(12, u64),
})

/** Extended acknowledgement, `<linux/netlink.h> NLMSGERR_ATTR_*`. */
export const extendedAck = attributes('NLMSGERR_ATTR', {
  msg: attr(1, string),
  offs: attr(2, u32),
  cookie: attr(3, binary),
  policy: attr(4, policy),
  missType: attr(5, u32),
  missNest: attr(6, u32),
})

/** What the kernel answers a request: 0 or a negated errno, and what it has to say about it. */
export interface Acknowledgement {
  error: number
  extack: Attributes<(typeof extendedAck)['table']>
}

/**
 * Reads an `NLMSG_ERROR`, or the end of a dump (`NLMSG_DONE`) that carries an error the same way.
 * A malformed extended part never hides the error number.
 */
export function readAcknowledgement(message: RawMessage): Acknowledgement {
  if (message.body.length < 4) {
    if (message.type === NLMSG.DONE) return { error: 0, extack: {} }
    throw new DecodeError('', `acknowledgement of ${message.body.length} bytes`)
  }
  const error = s32.read(message.body.subarray(0, 4))
  return { error, extack: message.flags & NLM_F.ACK_TLVS ? readExtack(message) : {} }
}

function readExtack(message: RawMessage): Acknowledgement['extack'] {
  // An error repeats the header of the request, and its body too unless it was capped.
  const skipped = message.type === NLMSG.DONE ? 0 : requestLength(message)
  try {
    return extendedAck.readAt(message.body, Math.min(4 + skipped, message.body.length), message.body.length)
  } catch (error) {
    if (error instanceof DecodeError) return {}
    throw error
  }
}

function requestLength(message: RawMessage): number {
  if (message.flags & NLM_F.CAPPED || message.body.length < 4 + HEADER_BYTES) return HEADER_BYTES
  return align(Math.min(u32At(message.body, 4), message.body.length))
}
