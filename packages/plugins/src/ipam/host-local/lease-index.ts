import { type IP, ipFromBytes } from '@patchbay/address'
import { AddressBitmapTree, NODE_SIZE } from './address-bitmap-tree.ts'
import { BLOCK_SIZE, type Blocks, HashTable, hashOf, MemoryBlocks, type Slot } from './hash-table.ts'
import type { LeaseLookup, TakenAddress } from './lease-lookup.ts'

const ADDRESS_SIZE = 16
/** With tables a quarter or a third full, a look-up reads one block, and each block has room for more. */
const OWNERS_PER_BLOCK = 16
const NODES_PER_BLOCK = 6
/** Beyond this many, records spill over into other blocks. */
const CROWDED = 2

/** How large the two tables are and how full. */
export interface IndexSize {
  ownerBlocks: number
  nodeBlocks: number
  /** Addresses that are taken. */
  taken: number
  nodes: number
}

/**
 * An index of leases: the addresses of a container, and the next free address. It begins at block 1; block 0 is the
 * caller's. Each operation reads a few blocks only, however many leases there are.
 */
export class LeaseIndex implements LeaseLookup {
  readonly size: IndexSize
  readonly #owners: HashTable
  readonly #taken: AddressBitmapTree

  constructor(blocks: Blocks, size: IndexSize) {
    this.size = size
    this.#owners = new HashTable(blocks, { first: 1, count: size.ownerBlocks, recordSize: ADDRESS_SIZE })
    const nodes = { first: 1 + size.ownerBlocks, count: size.nodeBlocks, recordSize: NODE_SIZE }
    this.#taken = new AddressBitmapTree(new HashTable(blocks, nodes))
  }

  /** An index of `leases` with room for as many again; `bytes` begins with block 0, the caller's. */
  static build(leases: readonly TakenAddress[]): { index: LeaseIndex; bytes: Uint8Array } {
    const leaves = new Set(leases.map(({ ip }) => AddressBitmapTree.leafOf(toBytes(ip))))
    const ownerBlocks = 1 + Math.ceil(leases.length / OWNERS_PER_BLOCK)
    const nodeBlocks = 1 + Math.ceil(leaves.size / NODES_PER_BLOCK)
    const blocks = new MemoryBlocks(1 + ownerBlocks + nodeBlocks)
    const index = new LeaseIndex(blocks, { ownerBlocks, nodeBlocks, taken: 0, nodes: 0 })
    for (const lease of leases) index.add(lease)
    return { index, bytes: blocks.bytes }
  }

  /** How long a file with an index of this size is. */
  static bytesFor({ ownerBlocks, nodeBlocks }: IndexSize): number {
    return (1 + ownerBlocks + nodeBlocks) * BLOCK_SIZE
  }

  /** Whether the index should be rebuilt, larger. */
  get isCrowded(): boolean {
    const { ownerBlocks, nodeBlocks, taken, nodes } = this.size
    return taken > CROWDED * OWNERS_PER_BLOCK * ownerBlocks || nodes > CROWDED * NODES_PER_BLOCK * nodeBlocks
  }

  addressesOf(containerId: string): IP[] {
    return [...this.#owners.find(ownerHash(containerId))].map(({ record }) => ipFromBytes(record))
  }

  firstFree(first: IP, last: IP): IP | undefined {
    const bytes = this.#taken.firstMissing(toBytes(first))
    const ip = bytes && ipFromBytes(bytes)
    return ip !== undefined && ip.family === last.family && ip.compare(last) <= 0 ? ip : undefined
  }

  add({ ip, containerId }: TakenAddress): void {
    const address = toBytes(ip)
    if (!this.#taken.has(address)) {
      this.size.nodes += this.#taken.add(address)
      this.size.taken++
    }
    if (containerId === undefined || this.#owned(containerId, address)) return
    this.#owners.insert(ownerHash(containerId), address)
  }

  remove({ ip, containerId }: TakenAddress): void {
    const address = toBytes(ip)
    if (this.#taken.has(address)) {
      this.size.nodes -= this.#taken.delete(address)
      this.size.taken--
    }
    const slot = containerId === undefined ? undefined : this.#owned(containerId, address)
    if (slot) this.#owners.remove(slot)
  }

  #owned(containerId: string, address: Uint8Array): Slot | undefined {
    const slots = this.#owners.find(ownerHash(containerId))
    return slots.find(({ record }) => record.every((byte, at) => byte === address[at]))
  }
}

const encoder = new TextEncoder()

function ownerHash(containerId: string): number {
  return hashOf(encoder.encode(containerId))
}

/** IPv4 addresses lie in their block of IPv6 (RFC 4291 section 2.5.5.2). */
function toBytes(ip: IP): Uint8Array {
  if (ip.family === 6) return ip.bytes
  const bytes = new Uint8Array(ADDRESS_SIZE).fill(0xff, 10, 12)
  bytes.set(ip.bytes, 12)
  return bytes
}
