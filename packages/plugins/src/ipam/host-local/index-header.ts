import { BLOCK_SIZE } from './blocks.ts'
import type { IndexSize } from './lease-index.ts'

/** What the first block of an index says of the rest. */
export interface IndexHeader {
  /** What the directory was like when the index was complete. */
  readonly stamp: string
  readonly size: IndexSize
}

const FORMAT = 'patchbay index 1'

/** The first block: three lines of text, the rest zero. */
export function formatHeader({ stamp, size }: IndexHeader): Uint8Array {
  const { ownerBlocks, nodeBlocks, taken, nodes } = size
  const block = new Uint8Array(BLOCK_SIZE)
  block.set(new TextEncoder().encode(`${FORMAT}\n${stamp}\n${[ownerBlocks, nodeBlocks, taken, nodes].join(' ')}\n`))
  return block
}

/** `undefined` for bytes that are no header. */
export function parseHeader(block: Uint8Array): IndexHeader | undefined {
  const [format, stamp = '', numbers = '', rest] = new TextDecoder().decode(block).split('\n')
  const [ownerBlocks = 0, nodeBlocks = 0, taken = -1, nodes = -1] = numbers.split(' ').map(Number)
  const isSize = [ownerBlocks - 1, nodeBlocks - 1, taken, nodes].every(
    (each) => Number.isSafeInteger(each) && each >= 0,
  )
  if (format !== FORMAT || !isSize || rest === undefined) return undefined
  return { stamp, size: { ownerBlocks, nodeBlocks, taken, nodes } }
}
