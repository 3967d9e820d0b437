import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import type { RawMessage } from '../../src/netlink/index.ts'
import { HEADER_BYTES, messagesOf, Writer, writeMessage } from '../../src/netlink/raw.ts'
import { bytesOf } from '../bytes.ts'

const folder = new URL('../../../test/fixtures/', import.meta.url)

/**
 * A netlink message as a kernel or a program sent it, from a file below `fixtures`. Lines of the file that begin with `#`
 * say how it came about: the commands, the versions, the day.
 */
export function readCapture(name: string): Uint8Array {
  const text = readFileSync(new URL(`${name}.hex`, folder), 'utf8')
  return bytesOf(text.replace(/^#.*$/gm, ''))
}

/** Names of the captures in a folder below `fixtures`. */
export function captureNames(group: string): string[] {
  return readdirSync(new URL(`${group}/`, folder)).map((file) => `${group}/${file.replace(/\.hex$/, '')}`)
}

/** The one message of a capture. */
export function messageOf(bytes: Uint8Array): RawMessage {
  const [message, ...more] = messagesOf(bytes)
  if (message === undefined || more.length > 0) throw new Error('a capture holds one message')
  return message
}

/** A codec of a whole body, in both directions. */
interface BodyCodec<T> {
  read(body: Uint8Array): T
  write(w: Writer, value: T): void
}

/**
 * Checks that a captured message decodes to what `ip -j -d` printed of the object when it was captured, as far as
 * `expected` says it; that nothing gets lost, by the length when it is encoded again; and that this decodes to the same.
 */
export function checkCapture<T>(name: string, codec: BodyCodec<T>, expected: Plain): void {
  const bytes = readCapture(name)
  const { body, type, flags, sequence } = messageOf(bytes)
  const value = codec.read(body)
  assert.deepEqual(only(plain(value), expected), expected, name)
  const w = new Writer()
  writeMessage(w, { type, flags, sequence }, () => codec.write(w, value))
  assert.equal(w.length, bytes.length, `${name}: length when encoded again`)
  assert.deepEqual(codec.read(w.finish().subarray(HEADER_BYTES)), value, `${name}: decoded again`)
}

/** A decoded value in a form that is easily written down: addresses as text, bytes as hexadecimal, bigints as numbers. */
export type Plain = string | number | boolean | null | undefined | Plain[] | { [key: string]: Plain }

/** The {@link Plain} form of a decoded value, without the attributes that no table knows. */
export function plain(value: unknown): Plain {
  if (typeof value === 'bigint') return Number(value)
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex')
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value !== 'object' || value === null) return value as Plain
  if ('toJSON' in value) return String(value)
  const entries = Object.entries(value).filter(([key]) => key !== 'unknown')
  return Object.fromEntries(entries.map(([key, field]) => [key, plain(field)]))
}

/** `actual` with only the keys of `expected`, at every depth. */
function only(actual: Plain, expected: Plain): Plain {
  if (!isObject(actual) || !isObject(expected)) return actual
  const kept = Object.entries(expected).map(([key, value]) => [key, only(actual[key], value)])
  return Object.fromEntries(kept)
}

function isObject(value: Plain): value is { [key: string]: Plain } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
