import { buildIdBytes, header, magic, protocolVersion, requestLimits } from './frames.ts'

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
  readonly #build: string
  #bytes: Buffer = Buffer.alloc(0)
  #length = 0
  #lengths: Lengths | undefined

  /** @param build the build that a shim must be of */
  constructor(build: string) {
    this.#build = build
  }

  /** Bytes of memory that are held. */
  get size(): number {
    return this.#bytes.length
  }

  /**
   * Takes the next piece.
   *
   * @returns the request, once it is whole
   * @throws RangeError for what is not, or will not become, a request for this daemon
   */
  accept(piece: Uint8Array): ShimRequest | undefined {
    this.#append(piece)
    if (this.#length < header.size) return undefined
    this.#lengths ??= readLengths(this.#bytes, this.#build)
    const { name, env, stdin } = this.#lengths
    const whole = header.size + name + env + stdin
    if (this.#length > whole) throw new RangeError('Cannot read the request: something follows it')
    return this.#length < whole ? undefined : this.#decode(this.#lengths)
  }

  #append(piece: Uint8Array): void {
    const length = this.#length + piece.length
    if (length > this.#bytes.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(length, 2 * this.#bytes.length))
      larger.set(this.#bytes.subarray(0, this.#length))
      this.#bytes = larger
    }
    this.#bytes.set(piece, this.#length)
    this.#length = length
  }

  #decode({ name, env, stdin }: Lengths): ShimRequest {
    const text = (from: number, length: number) => this.#bytes.toString('utf8', from, from + length)
    const at = header.size
    return { name: text(at, name), env: parseEnvironment(text(at + name, env)), stdin: text(at + name + env, stdin) }
  }
}

function readLengths(bytes: Buffer, build: string): Lengths {
  if (bytes.toString('latin1', header.magic, header.magic + magic.length) !== magic)
    throw new RangeError('Cannot read the request: it is none')
  const theirs = bytes.toString('latin1', header.build, header.build + buildIdBytes).replace(/\0+$/, '')
  if (bytes.readUInt32LE(header.protocol) !== protocolVersion || theirs !== build)
    throw new RangeError('Cannot serve the request: the shim is of another build')
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

/** As getenv(3) has it: of several variables with one name the first counts. What has no `=` is no variable. */
function parseEnvironment(text: string): Record<string, string> {
  const pairs = text.split('\0').flatMap((pair): [string, string][] => {
    const at = pair.indexOf('=', 1)
    return at < 0 ? [] : [[pair.slice(0, at), pair.slice(at + 1)]]
  })
  return Object.fromEntries(pairs.reverse())
}
