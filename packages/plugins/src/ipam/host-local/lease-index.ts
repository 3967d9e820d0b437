import { type IP, ipFromBytes } from '@patchbay/address'
import { BLOCK_SIZE, type Blocks, MemoryBlocks } from './blocks.ts'
import { BucketTable, hashOf, type Slot } from './bucket-table.ts'
import type { Catalogue, TakenAddress } from './catalogue.ts'
import { NODE_SIZE, TakenTree } from './taken-tree.ts'

const ADDRESS_SIZE = 16
/** Where a table is a quarter or a third full, its blocks are read alone and have room for what is still to come. */
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
 * An index of leases: which addresses a container has, and the next one that nobody has. It lies behind a block that is
 * not its own, and neither operation reads more than a few blocks, however many leases there are.
 */
export class LeaseIndex implements Catalogue {
  readonly size: IndexSize
  readonly #owners: BucketTable
  readonly #taken: TakenTree

  constructor(blocks: Blocks, size: IndexSize) {
    this.size = size
    this.#owners = new BucketTable(blocks, { first: 1, count: size.ownerBlocks, recordSize: ADDRESS_SIZE })
    const nodes = { first: 1 + size.ownerBlocks, count: size.nodeBlocks, recordSize: NODE_SIZE }
    this.#taken = new TakenTree(new BucketTable(blocks, nodes))
  }

  /** An index of all these, with room for as many again; `bytes` begins with the block that is not the index's own. */
  static build(leases: readonly TakenAddress[]): { index: LeaseIndex; bytes: Uint8Array } {
    const leaves = new Set(leases.map(({ ip }) => TakenTree.leafOf(toBytes(ip))))
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

  /** Whether the index should be built again, larger. */
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
