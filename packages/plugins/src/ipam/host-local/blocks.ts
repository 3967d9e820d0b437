/** Bytes of one block; whatever is kept in a {@link Blocks} is kept in whole blocks. */
export const BLOCK_SIZE = 1024

/** Storage that is read and changed by the block. A block that was never changed is all zero. */
export interface Blocks {
  /** The bytes of a block, the same array every time; who writes into it says so with `changed`. */
  block(index: number): Uint8Array
  changed(index: number): void
}

/** Blocks in memory. */
export class MemoryBlocks implements Blocks {
  readonly bytes: Uint8Array

  constructor(count: number) {
    this.bytes = new Uint8Array(count * BLOCK_SIZE)
  }

  block(index: number): Uint8Array {
    return this.bytes.subarray(index * BLOCK_SIZE, (index + 1) * BLOCK_SIZE)
  }

  changed(): void {}
}

/** Big-endian, by hand: this runs too often to make a DataView each time. */
export function readUint32(bytes: Uint8Array, offset: number): number {
  const high = ((bytes[offset] ?? 0) << 8) | (bytes[offset + 1] ?? 0)
  const low = ((bytes[offset + 2] ?? 0) << 8) | (bytes[offset + 3] ?? 0)
  return high * 0x10000 + low
}

export function writeUint32(bytes: Uint8Array, offset: number, value: number): void {
  for (let at = 0; at < 4; at++) bytes[offset + at] = value >>> (24 - 8 * at)
}
