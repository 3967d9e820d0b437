/** Bytes of a block. */
export const BLOCK_SIZE = 1024

/** Storage that is read and changed by the block. A block that was never changed is all zero. */
export interface Blocks {
  /** The bytes of a block, the same array every time. After writing into it, call `changed`. */
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

/** Where a table lies, and how long its records are. */
export interface TableLayout {
  readonly first: number
  /** How many blocks there are, at least one. */
  readonly count: number
  /** Bytes of a record. */
  readonly recordSize: number
}

/** A record in its place. */
export interface Slot {
  /** The record's bytes. After writing into them, call `changed`. */
  readonly record: Uint8Array
  readonly block: number
  readonly offset: number
}

/** The first word of a block is 1 when a record that belongs there is in a later block, because this one was full. */
const HEAD = 4
/** A record stands behind its hash, which is never 0; a slot whose hash is 0 is free. */
const HASH = 4

/**
 * A hash table in blocks. A record is in the block that its hash names, or in one of the next when that was full, so that
 * finding one reads a single block, and rarely two.
 */
export class HashTable {
  readonly #blocks: Blocks
  readonly #layout: TableLayout

  constructor(blocks: Blocks, layout: TableLayout) {
    this.#blocks = blocks
    this.#layout = layout
  }

  /** The records with this hash. */
  find(hash: number): Slot[] {
    const { first, count, recordSize } = this.#layout
    const found: Slot[] = []
    for (let step = 0; step < count; step++) {
      const block = first + ((hash + step) % count)
      const bytes = this.#blocks.block(block)
      for (let offset = HEAD; offset <= this.#lastOffset; offset += HASH + recordSize) {
        if (readUint32(bytes, offset) !== wordOf(hash)) continue
        const record = bytes.subarray(offset + HASH, offset + HASH + recordSize)
        found.push({ record, block, offset })
      }
      if (readUint32(bytes, 0) === 0) break
    }
    return found
  }

  /**
   * Adds a record, also beside others with the same hash.
   *
   * @throws RangeError when the table is full
   */
  insert(hash: number, record: Uint8Array): void {
    const { first, count } = this.#layout
    for (let step = 0; step < count; step++) {
      const block = first + ((hash + step) % count)
      const bytes = this.#blocks.block(block)
      const offset = this.#freeOffset(bytes)
      if (offset === undefined) writeUint32(bytes, 0, 1)
      else {
        bytes.set(record, offset + HASH)
        writeUint32(bytes, offset, wordOf(hash))
      }
      this.#blocks.changed(block)
      if (offset !== undefined) return
    }
    throw new RangeError('Cannot add a record: the table is full')
  }

  remove({ block, offset }: Slot): void {
    writeUint32(this.#blocks.block(block), offset, 0)
    this.#blocks.changed(block)
  }

  changed({ block }: Slot): void {
    this.#blocks.changed(block)
  }

  get #lastOffset(): number {
    return BLOCK_SIZE - HASH - this.#layout.recordSize
  }

  #freeOffset(bytes: Uint8Array): number | undefined {
    for (let offset = HEAD; offset <= this.#lastOffset; offset += HASH + this.#layout.recordSize)
      if (readUint32(bytes, offset) === 0) return offset
    return undefined
  }
}

/** 0 stands for a free slot. */
function wordOf(hash: number): number {
  return hash === 0 ? 1 : hash
}

/** An unsigned 32-bit hash of bytes: FNV-1a, and the last step of MurmurHash3 to spread it over the low bits. */
export function hashOf(bytes: Uint8Array): number {
  let hash = 0x811c9dc5
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}

/** Big-endian, by hand: this runs too often to make a DataView each time. */
function readUint32(bytes: Uint8Array, offset: number): number {
  const high = ((bytes[offset] ?? 0) << 8) | (bytes[offset + 1] ?? 0)
  const low = ((bytes[offset + 2] ?? 0) << 8) | (bytes[offset + 3] ?? 0)
  return high * 0x10000 + low
}

function writeUint32(bytes: Uint8Array, offset: number, value: number): void {
  for (let at = 0; at < 4; at++) bytes[offset + at] = value >>> (24 - 8 * at)
}
