import { header, requestLimits } from './frames.ts'

/** A call as the shim hands it on. */
export interface ShimRequest {
  /** The name that the shim was run by. */
  readonly name: string
  readonly env: Readonly<Record<string, string>>
  readonly stdin: string
}

interface Lengths {
  readonly name: number
  readonly env: number
  readonly stdin: number
}

/** Puts a request together from the pieces that it comes in. It never holds more than twice what has come. */
export class RequestReader {
  readonly #origin: Buffer
  #bytes: Buffer | undefined
  #length = 0
  #lengths: Lengths | undefined

  /** @param origin what a request must begin with, see {@link formatOrigin} */
  constructor(origin: Buffer) {
    this.#origin = origin
  }

  /** Bytes of memory that are held. */
  get size(): number {
    return this.#bytes?.length ?? 0
  }

  /**
   * Takes the next piece.
   *
   * @returns the request, once it is whole
   * @throws RangeError for what is not, or will not become, a request for this daemon
   */
  accept(piece: Buffer): ShimRequest | undefined {
    const bytes = this.#append(piece)
    if (this.#length < header.size) return undefined
    this.#lengths ??= readLengths(bytes, this.#origin)
    const { name, env, stdin } = this.#lengths
    const whole = header.size + name + env + stdin
    if (this.#length > whole) throw new RangeError('Cannot read the request: something follows it')
    return this.#length < whole ? undefined : decode(bytes, this.#lengths)
  }

  /** Most requests come in one piece, which is taken as it is. */
  #append(piece: Buffer): Buffer {
    const length = this.#length + piece.length
    this.#bytes = this.#bytes === undefined ? piece : withRoom(this.#bytes, { used: this.#length, wanted: length })
    if (this.#length > 0) this.#bytes.set(piece, this.#length)
    this.#length = length
    return this.#bytes
  }
}

/** The bytes in use, in a buffer that has room for those that are wanted. */
function withRoom(bytes: Buffer, { used, wanted }: { used: number; wanted: number }): Buffer {
  if (wanted <= bytes.length) return bytes
  const larger = Buffer.allocUnsafeSlow(Math.max(wanted, 2 * bytes.length))
  larger.set(bytes.subarray(0, used))
  return larger
}

function readLengths(bytes: Buffer, origin: Buffer): Lengths {
  checkOrigin(bytes, origin)
  const lengths = {
    name: bytes.readUInt32LE(header.nameLength),
    env: bytes.readUInt32LE(header.envLength),
    stdin: bytes.readUInt32LE(header.stdinLength),
  }
  const { name, env, stdin } = requestLimits
  if (lengths.name > name || lengths.env > env || lengths.stdin > stdin)
    throw new RangeError('Cannot serve the request: it is too large')
  return lengths
}

function checkOrigin(bytes: Buffer, origin: Buffer): void {
  if (origin.compare(bytes, 0, origin.length) === 0) return
  if (origin.compare(bytes, 0, header.protocol, 0, header.protocol) !== 0)
    throw new RangeError('Cannot read the request: it is none')
  throw new RangeError('Cannot serve the request: the shim is of another build')
}

function decode(bytes: Buffer, { name, env, stdin }: Lengths): ShimRequest {
  const envAt = header.size + name
  const stdinAt = envAt + env
  return {
    name: bytes.toString('utf8', header.size, envAt),
    env: parseEnvironment(bytes.toString('utf8', envAt, stdinAt)),
    stdin: bytes.toString('utf8', stdinAt, stdinAt + stdin),
  }
}

/** As getenv(3) has it: of several variables with one name the first counts. What has no `=` is no variable. */
function parseEnvironment(text: string): Record<string, string> {
  // Without a prototype: any name may come.
  const env: Record<string, string> = Object.create(null)
  let end = 0
  for (let at = 0; at < text.length; at = end + 1) {
    end = text.indexOf('\0', at)
    if (end < 0) end = text.length
    const equals = text.indexOf('=', at + 1)
    if (equals < 0) return env
    if (equals < end) env[text.slice(at, equals)] ??= text.slice(equals + 1, end)
  }
  return env
}
