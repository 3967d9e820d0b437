import { type Attributes, type AttributesCodec, attr, attributes, type Table } from './attributes.ts'
import { DecodeError, type Value } from './codec.ts'
import { littleEndian, viewOf } from './endian.ts'
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

/**
 * The messages of a datagram, in order.
 *
 * @throws DecodeError when a length does not fit
 */
export function messagesOf(datagram: Uint8Array): RawMessage[] {
  const view = viewOf(datagram)
  const messages: RawMessage[] = []
  let offset = 0
  while (datagram.length - offset >= HEADER_BYTES) {
    const length = view.getUint32(offset, littleEndian)
    if (length < HEADER_BYTES || offset + length > datagram.length)
      throw new DecodeError('', `message of ${length} bytes at offset ${offset} of ${datagram.length}`)
    messages.push({
      type: view.getUint16(offset + 4, littleEndian),
      flags: view.getUint16(offset + 6, littleEndian),
      sequence: view.getUint32(offset + 8, littleEndian),
      portId: view.getUint32(offset + 12, littleEndian),
      body: datagram.subarray(offset + HEADER_BYTES, offset + length),
    })
    offset += align(length)
  }
  return messages
}

/** Writes one message: header, what `body` writes, padding. */
export function writeMessage(w: Writer, header: { type: number; flags: number; sequence: number }, body: () => void) {
  const start = w.length
  messageHeader.write(w, header)
  body()
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
        header: header.read(body.subarray(0, header.size)) as Value<H>,
        attributes: attributes.read(body.subarray(Math.min(start, body.length))) as Value<A>,
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
      const { header, attributes } = codec.read(body)
      return Object.assign(header, attributes)
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
    return extendedAck.read(message.body.subarray(Math.min(4 + skipped, message.body.length)))
  } catch (error) {
    if (error instanceof DecodeError) return {}
    throw error
  }
}

function requestLength(message: RawMessage): number {
  if (message.flags & NLM_F.CAPPED || message.body.length < 4 + HEADER_BYTES) return HEADER_BYTES
  return align(viewOf(message.body).getUint32(4, littleEndian))
}
