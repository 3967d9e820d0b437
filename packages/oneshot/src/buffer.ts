type Encoding = 'utf8' | 'utf-8' | 'latin1' | 'hex' | 'ascii'

/** As much of Node's `Buffer` as the plugins use. */
export class Buffer extends Uint8Array {
  static alloc(size: number): Buffer {
    return new Buffer(size)
  }

  static allocUnsafe(size: number): Buffer {
    return new Buffer(size)
  }

  static override from(source: string | ArrayBuffer | Iterable<number> | ArrayLike<number>): Buffer {
    if (typeof source === 'string') return new Buffer(host.encode(source))
    return source instanceof ArrayBuffer ? new Buffer(source) : new Buffer(source as ArrayLike<number>)
  }

  static concat(parts: readonly Uint8Array[]): Buffer {
    const whole = new Buffer(parts.reduce((size, part) => size + part.length, 0))
    let at = 0
    for (const part of parts) {
      whole.set(part, at)
      at += part.length
    }
    return whole
  }

  static byteLength(text: string): number {
    return host.encode(text).byteLength
  }

  static compare(a: Uint8Array, b: Uint8Array): number {
    const at = a.findIndex((byte, index) => byte !== b[index])
    if (at < 0) return Math.sign(a.length - b.length)
    return at >= b.length ? 1 : Math.sign((a[at] ?? 0) - (b[at] ?? 0))
  }

  static isBuffer(value: unknown): value is Buffer {
    return value instanceof Buffer
  }

  equals(other: Uint8Array): boolean {
    return Buffer.compare(this, other) === 0
  }

  readUInt32BE(offset = 0): number {
    return new DataView(this.buffer, this.byteOffset, this.byteLength).getUint32(offset)
  }

  override toString(encoding: Encoding = 'utf8', start = 0, end: number = this.length): string {
    const bytes = this.subarray(start, end)
    if (encoding === 'hex') return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
    if (encoding === 'latin1' || encoding === 'ascii')
      return Array.from(bytes, (byte) => String.fromCharCode(byte)).join('')
    return host.decode(bytes)
  }
}
