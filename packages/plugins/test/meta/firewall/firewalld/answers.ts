/** Answers of a bus as hexadecimal digits, big-endian, which ours never writes: D-Bus Specification §"Message Format". */

const METHOD_RETURN = 2
const ERROR = 3

function align(bytes: Buffer, size: number): Buffer {
  return Buffer.concat([bytes, Buffer.alloc((size - (bytes.length % size)) % size)])
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

function text(value: string): Buffer {
  return Buffer.concat([u32(value.length), Buffer.from(`${value}\0`)])
}

function field(code: number, type: string, value: Buffer): Buffer {
  return Buffer.concat([Buffer.of(code, 1), Buffer.from(`${type}\0`), value])
}

function message(type: number, fields: readonly Buffer[], body: Buffer): string {
  const list = fields.reduce((before, each) => Buffer.concat([align(before, 8), each]), Buffer.alloc(0))
  const start = Buffer.concat([Buffer.of(0x42 /* B */, type, 0, 1), u32(body.length), u32(9), u32(list.length), list])
  return Buffer.concat([align(start, 8), body]).toString('hex')
}

function replyTo(serial: number): Buffer {
  return field(5, 'u', u32(serial))
}

function signature(value: string): Buffer {
  return field(8, 'g', Buffer.concat([Buffer.of(value.length), Buffer.from(`${value}\0`)]))
}

export function emptyReply(serial: number): string {
  return message(METHOD_RETURN, [replyTo(serial)], Buffer.alloc(0))
}

export function textReply(serial: number, value: string): string {
  return message(METHOD_RETURN, [replyTo(serial), signature('s')], text(value))
}

export function booleanReply(serial: number, value: boolean): string {
  return message(METHOD_RETURN, [replyTo(serial), signature('b')], u32(value ? 1 : 0))
}

export function errorReply(serial: number, name: string, value: string): string {
  return message(ERROR, [replyTo(serial), field(4, 's', text(name)), signature('s')], text(value))
}
