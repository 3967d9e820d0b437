import { type HashTable, hashOf, type Slot } from './hash-table.ts'

/** An address is 16 bytes long here; each byte of it is a level of the tree, the last byte level 0. */
const LEVELS = 16
const BITMAP_SIZE = 32
const FAN_OUT = 256

/** A record: the node's key, then a bit for each value of its byte. */
const KEY_SIZE = 1 + LEVELS
export const NODE_SIZE = KEY_SIZE + BITMAP_SIZE

/**
 * A set of addresses that finds the first missing one in a few steps, however many addresses it has and wherever they are.
 *
 * A node of level 0 has a bit for each of the 256 addresses that differ in the last byte only, set when the address is
 * in the set. A node of a higher level has a bit for each of 256 nodes below it, set when that node is full. A node
 * whose bits are all clear is removed.
 */
export class AddressBitmapTree {
  readonly #nodes: HashTable

  constructor(nodes: HashTable) {
    this.#nodes = nodes
  }

  /** The hash of the node of level 0 that an address is in: the number of different hashes is the number of these nodes. */
  static leafOf(address: Uint8Array): number {
    return hashOf(keyOf(address, 0))
  }

  has(address: Uint8Array): boolean {
    const node = this.#find(keyOf(address, 0))
    return node !== undefined && hasBit(bitmapOf(node.record), address[LEVELS - 1] ?? 0)
  }

  /** Returns how many nodes were made. */
  add(address: Uint8Array): number {
    let made = 0
    for (let level = 0; level < LEVELS; level++) {
      const key = keyOf(address, level)
      const node = this.#find(key)
      const record = node?.record ?? newNode(key)
      const bitmap = bitmapOf(record)
      setBit(bitmap, address[LEVELS - 1 - level] ?? 0, true)
      if (node) this.#nodes.changed(node)
      else {
        this.#nodes.insert(hashOf(key), record)
        made++
      }
      if (!isFull(bitmap)) break
    }
    return made
  }

  /** Returns how many nodes were removed. */
  delete(address: Uint8Array): number {
    let removed = 0
    for (let level = 0; level < LEVELS; level++) {
      const node = this.#find(keyOf(address, level))
      if (node === undefined) break
      const bitmap = bitmapOf(node.record)
      const wasFull = isFull(bitmap)
      setBit(bitmap, address[LEVELS - 1 - level] ?? 0, false)
      this.#nodes.changed(node)
      if (bitmap.every((byte) => byte === 0)) {
        this.#nodes.remove(node)
        removed++
      }
      if (!wasFull) break
    }
    return removed
  }

  /** The first address from `from` on that is not in the set; `undefined` when all are. */
  firstMissing(from: Uint8Array): Uint8Array | undefined {
    const found = from.slice()
    const level = this.#climb(found)
    if (level === undefined) return undefined
    for (let below = level - 1; below >= 0; below--) found[LEVELS - 1 - below] = this.#firstClear(found, below, 0)
    return found
  }

  /** Moves `found` on to the nearest part of the tree that is not full, and returns the level of that part. */
  #climb(found: Uint8Array): number | undefined {
    for (let level = 0; level < LEVELS; level++) {
      const at = LEVELS - 1 - level
      const bit = this.#firstClear(found, level, (found[at] ?? 0) + (level === 0 ? 0 : 1))
      if (bit === FAN_OUT) continue
      found[at] = bit
      found.fill(0, at + 1)
      return level
    }
    return undefined
  }

  #firstClear(address: Uint8Array, level: number, from: number): number {
    const node = this.#find(keyOf(address, level))
    if (node === undefined) return from
    const bitmap = bitmapOf(node.record)
    let bit = from
    while (bit < FAN_OUT && hasBit(bitmap, bit)) bit++
    return bit
  }

  #find(key: Uint8Array): Slot | undefined {
    return this.#nodes.find(hashOf(key)).find(({ record }) => key.every((byte, at) => record[at] === byte))
  }
}

/** The level, then the address without the bytes that the node tells apart. */
function keyOf(address: Uint8Array, level: number): Uint8Array {
  const key = new Uint8Array(KEY_SIZE)
  key[0] = level
  key.set(address.subarray(0, LEVELS - 1 - level), 1)
  return key
}

function newNode(key: Uint8Array): Uint8Array {
  const record = new Uint8Array(NODE_SIZE)
  record.set(key)
  return record
}

function bitmapOf(record: Uint8Array): Uint8Array {
  return record.subarray(KEY_SIZE)
}

function hasBit(bitmap: Uint8Array, bit: number): boolean {
  return ((bitmap[bit >> 3] ?? 0) & (1 << (bit & 7))) !== 0
}

function setBit(bitmap: Uint8Array, bit: number, value: boolean): void {
  const byte = bitmap[bit >> 3] ?? 0
  bitmap[bit >> 3] = value ? byte | (1 << (bit & 7)) : byte & ~(1 << (bit & 7))
}

function isFull(bitmap: Uint8Array): boolean {
  return bitmap.every((byte) => byte === 0xff)
}
