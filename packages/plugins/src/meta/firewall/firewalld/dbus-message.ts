/** A call of a method all of whose arguments are text. */
export interface MethodCall {
  /** Who is to answer: a name on the bus. */
  readonly destination: string
  readonly path: string
  readonly interface: string
  readonly member: string
  readonly args: readonly string[]
}

/** What came for a call: values, or the name and text of an error. */
export interface Reply {
  /** Serial number of the call; 0 for what is no answer. */
  readonly replySerial: number
  /** Name of the error, `org.freedesktop.DBus.Error.NameHasNoOwner`, when it is one. */
  readonly errorName: string | undefined
  /** The values up to the first that is neither text nor a boolean. */
  readonly values: readonly (string | boolean)[]
}

/** D-Bus Specification §"Message Format", types of messages. */
const messageType = { METHOD_CALL: 1, ERROR: 3 } as const

/** D-Bus Specification §"Header Fields". */
const headerField = {
  PATH: 1,
  INTERFACE: 2,
  MEMBER: 3,
  ERROR_NAME: 4,
  REPLY_SERIAL: 5,
  DESTINATION: 6,
  SIGNATURE: 8,
} as const

const HEADER_BYTES = 16
const PROTOCOL_VERSION = 1
/** Answers of firewalld are a few hundred bytes; the protocol would allow 128 MiB. */
const LARGEST_MESSAGE = 2 ** 20

const encoder = new TextEncoder()
const decoder = new TextDecoder()

/** Bytes of a message; numbers in little-endian order. */
class MessageWriter {
  readonly #bytes: number[] = []

  get length(): number {
    return this.#bytes.length
  }

  u8(value: number): void {
    this.#bytes.push(value)
  }

  u32(value: number): void {
    this.align(4)
    this.#bytes.push(value & 0xff, (value >>> 8) & 0xff, (value >>> 16) & 0xff, value >>> 24)
  }

  string(value: string): void {
    const bytes = encoder.encode(value)
    this.u32(bytes.length)
    this.#bytes.push(...bytes, 0)
  }

  signature(value: string): void {
    this.#bytes.push(value.length, ...encoder.encode(value), 0)
  }

  field(code: number, signature: 'o' | 's' | 'g', value: string): void {
    this.align(8)
    this.u8(code)
    this.signature(signature)
    if (signature === 'g') this.signature(value)
    else this.string(value)
  }

  align(size: number): void {
    while (this.#bytes.length % size !== 0) this.#bytes.push(0)
  }

  patchU32(offset: number, value: number): void {
    for (let at = 0; at < 4; at++) this.#bytes[offset + at] = (value >>> (8 * at)) & 0xff
  }

  finish(): Uint8Array {
    return Uint8Array.from(this.#bytes)
  }
}

/** The bytes of a call. `serial` is not 0 and tells the answer. */
export function writeMethodCall(call: MethodCall, serial: number): Uint8Array {
  const w = new MessageWriter()
  for (const byte of [0x6c /* l */, messageType.METHOD_CALL, 0, PROTOCOL_VERSION]) w.u8(byte)
  w.u32(0)
  w.u32(serial)
  w.u32(0)
  w.field(headerField.PATH, 'o', call.path)
  w.field(headerField.INTERFACE, 's', call.interface)
  w.field(headerField.MEMBER, 's', call.member)
  w.field(headerField.DESTINATION, 's', call.destination)
  if (call.args.length > 0) w.field(headerField.SIGNATURE, 'g', 's'.repeat(call.args.length))
  w.patchU32(12, w.length - HEADER_BYTES)
  w.align(8)
  const body = w.length
  for (const value of call.args) w.string(value)
  w.patchU32(4, w.length - body)
  return w.finish()
}

class MessageReader {
  readonly #bytes: Uint8Array
  readonly #view: DataView
  readonly #littleEndian: boolean
  at: number

  constructor(bytes: Uint8Array, at: number) {
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#littleEndian = bytes[0] === 0x6c /* l */
    this.at = at
  }

  /** @throws RangeError past the end, as all of these do */
  u8(): number {
    return this.#view.getUint8(this.at++)
  }

  u32(): number {
    this.align(4)
    this.at += 4
    return this.#view.getUint32(this.at - 4, this.#littleEndian)
  }

  string(): string {
    return this.#text(this.u32())
  }

  signature(): string {
    return this.#text(this.u8())
  }

  align(size: number): void {
    this.at = Math.ceil(this.at / size) * size
  }

  value(type: string): string | number | undefined {
    if (type === 's' || type === 'o') return this.string()
    if (type === 'g') return this.signature()
    return type === 'u' || type === 'b' ? this.u32() : undefined
  }

  #text(length: number): string {
    const start = this.at
    this.at += length + 1
    if (this.at > this.#bytes.length) throw new RangeError(`text of ${length} bytes at offset ${start}`)
    return decoder.decode(this.#bytes.subarray(start, start + length))
  }
}

/**
 * How many bytes the message has that these begin with; `undefined` while too few are there to know.
 *
 * @throws RangeError when it is too large
 */
export function messageLength(bytes: Uint8Array): number | undefined {
  if (bytes.length < HEADER_BYTES) return undefined
  const reader = new MessageReader(bytes, 4)
  const body = reader.u32()
  reader.at = 12
  const length = Math.ceil((HEADER_BYTES + reader.u32()) / 8) * 8 + body
  if (length > LARGEST_MESSAGE) throw new RangeError(`Cannot read a D-Bus message: it has ${length} bytes`)
  return length
}

/**
 * What a whole message says as an answer.
 *
 * @throws RangeError when a length in it does not fit
 */
export function readReply(message: Uint8Array): Reply {
  const reader = new MessageReader(message, 12)
  const fields = new Map<number, string | number | undefined>()
  const end = reader.u32() + HEADER_BYTES
  while (reader.at < end) {
    reader.align(8)
    const code = reader.u8()
    const type = reader.signature()
    const value = reader.value(type)
    if (value === undefined) throw new RangeError(`Cannot read a D-Bus message: header field ${code} of type "${type}"`)
    fields.set(code, value)
  }
  reader.at = end
  reader.align(8)
  const errorName = message[1] === messageType.ERROR ? String(fields.get(headerField.ERROR_NAME) ?? '') : undefined
  const values = readValues(reader, String(fields.get(headerField.SIGNATURE) ?? ''))
  return { replySerial: Number(fields.get(headerField.REPLY_SERIAL) ?? 0), errorName, values }
}

function readValues(reader: MessageReader, signature: string): (string | boolean)[] {
  const values: (string | boolean)[] = []
  for (const type of signature) {
    if (type !== 's' && type !== 'b') break
    const value = reader.value(type)
    values.push(type === 'b' ? value !== 0 : String(value))
  }
  return values
}
