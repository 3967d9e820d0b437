import { Buffer } from './buffer.ts'

/** `node:crypto`: SHA-256 and SHA-512. */

/** Bytes of the words that each works with. */
const widths: Readonly<Record<string, 4 | 8>> = { sha256: 4, sha512: 8 }

class Hash {
  readonly #width: 4 | 8
  readonly #parts: Uint8Array[] = []

  constructor(width: 4 | 8) {
    this.#width = width
  }

  update(data: string | Uint8Array): this {
    this.#parts.push(Buffer.from(data))
    return this
  }

  digest(): Buffer
  digest(encoding: 'hex'): string
  digest(encoding?: 'hex'): Buffer | string {
    const bytes = Buffer.from(host.hash(this.#width, Buffer.concat(this.#parts)))
    return encoding === undefined ? bytes : bytes.toString(encoding)
  }
}

/** Throws TypeError for other names than `sha256` and `sha512`. */
export function createHash(name: string): Hash {
  const width = widths[name]
  if (width === undefined) throw new TypeError(`Cannot hash with "${name}": only sha256 and sha512 are here`)
  return new Hash(width)
}
