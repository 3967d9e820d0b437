import type { Writer } from './writer.ts'

/**
 * Bytes as they stand in a message. A name of its own, because TypeScript writes `Uint8Array` into declarations with a type
 * argument that compilers before 5.7 do not know.
 */
export interface Bytes extends Uint8Array {}

/** How one payload is laid out: written from a value, read back into one. */
export interface Codec<T> {
  write(w: Writer, value: NoInfer<T>): void
  /**
   * @returns `undefined` for a payload that is right and has no value; an attribute keeps it as it is
   * @throws DecodeError when the payload does not have this layout
   */
  read(payload: Uint8Array): T
  /** As `read`, where the payload stands in `bytes`: spares a view of it. */
  readAt?(bytes: Uint8Array, start: number, end: number): T
  /** The payload is a list of attributes and is announced with NLA_F_NESTED. */
  readonly nested?: boolean
  /** Names of the attributes that hold the byte at `offset` of the payload, outermost first. */
  locate?(payload: Uint8Array, offset: number): string[]
}

/** A codec whose payload always has the same size, so that it can stand inside a struct. */
export interface FixedCodec<T> extends Codec<T> {
  /** Bytes. */
  readonly size: number
}

/** The type of value that a codec or an entry of an attribute table stands for. */
export type Value<C> = C extends { read(from: never): infer T } ? Exclude<T, undefined> : never

/** Where a payload stands. */
export interface Location {
  readonly bytes: Uint8Array
  readonly start: number
  readonly end: number
}

/** The location of a whole payload. */
export function wholeOf(payload: Uint8Array): Location {
  return { bytes: payload, start: 0, end: payload.length }
}

/** Reads the payload at a location. */
export function readAt<T>(codec: Codec<T>, { bytes, start, end }: Location): T {
  return codec.readAt ? codec.readAt(bytes, start, end) : codec.read(bytes.subarray(start, end))
}

/** As {@link readAt}, with `name` in front of the path of what it throws. */
export function readWithin<T>(name: string | number, codec: Codec<T>, location: Location): T {
  try {
    return readAt(codec, location)
  } catch (error) {
    throw errorBelow(name, error)
  }
}

/** Bytes that do not have the layout they were taken for. `path` names the attribute: `IFLA.linkinfo.data`. */
export class DecodeError extends Error {
  override readonly name = 'DecodeError'
  readonly code = 'EBADMSG'
  readonly path: string
  readonly reason: string

  constructor(path: string, reason: string) {
    super(path === '' ? `Cannot decode netlink data: ${reason}` : `Cannot decode "${path}": ${reason}`)
    this.path = path
    this.reason = reason
  }
}

/** What to throw for an error that came from below `name`. */
export function errorBelow(name: string | number, error: unknown): unknown {
  if (!(error instanceof DecodeError)) return error
  return new DecodeError(error.path === '' ? `${name}` : `${name}.${error.path}`, error.reason)
}
