import {
  constants,
  existsSync,
  fstatSync,
  openSync,
  readSync,
  statSync,
  unlinkSync,
  utimesSync,
  writeSync,
} from 'node:fs'
import { giveBack } from '@patchbay/linux/sys'
import { freeBytes } from '../../state/file-system.ts'
import { BLOCK_SIZE, type Blocks } from './hash-table.ts'
import { fileNames } from './lease-directory.ts'
import { type IndexSize, LeaseIndex } from './lease-index.ts'
import type { TakenAddress } from './lease-lookup.ts'

/** How far back in time a directory's stamp lies, in seconds: more than the coarsest clock of a file system is off. */
const STAMP_AGE = 3

/** The part of the free space that an index may take, so that leases have room. */
const LARGEST_SHARE = 0.1

/** Where an index is, and the boot that it is of. */
export interface IndexPlace {
  readonly directory: string
  readonly bootId: string
}

/**
 * The index in a network's directory, open while the directory is locked.
 *
 * The files of leases decide; the index only saves reading them. It names the state of the directory that it is of: when the
 * index was complete, the directory was given a time of change in the past, so that any later change by anyone shows. It
 * also names the boot: within one boot the kernel keeps all that was written, after a power cut any file may be corrupt.
 * A failure here fails no operation: the directory then has no index.
 */
export class IndexFile implements Blocks {
  readonly index: LeaseIndex
  readonly #place: IndexPlace
  readonly #fd: number
  readonly #blocks = new Map<number, Uint8Array>()
  readonly #changed = new Set<number>()

  private constructor(place: IndexPlace, fd: number, size: IndexSize) {
    this.#place = place
    this.#fd = fd
    this.index = new LeaseIndex(this, size)
  }

  /** Opens the index; `undefined` when the directory has none, or one of another state of the directory. */
  static open(place: IndexPlace): IndexFile | undefined {
    // Most directories have no index, and asking first is cheaper than an error.
    if (!existsSync(pathIn(place.directory))) return undefined
    return attempt(constants.O_RDWR, place, (fd) => {
      const header = parseHeader(readBlock(fd, 0))
      if (header === undefined || header.stamp !== stampOf(place)) return undefined
      return fstatSync(fd).size === LeaseIndex.bytesFor(header.size) ? new IndexFile(place, fd, header.size) : undefined
    })
  }

  /** Makes an index; `undefined` when that is impossible. It is valid once it is closed. */
  static create(place: IndexPlace, taken: readonly TakenAddress[]): IndexFile | undefined {
    const file = attempt(constants.O_RDWR | constants.O_CREAT | constants.O_TRUNC, place, (fd) => {
      const { index, bytes } = LeaseIndex.build(taken)
      if (bytes.length > LARGEST_SHARE * freeBytes(place.directory)) return undefined
      writeAll(fd, bytes, 0)
      return new IndexFile(place, fd, index.size)
    })
    if (file === undefined) removeIndex(place.directory)
    return file
  }

  block(index: number): Uint8Array {
    const present = this.#blocks.get(index)
    if (present) return present
    const block = readBlock(this.#fd, index * BLOCK_SIZE)
    this.#blocks.set(index, block)
    return block
  }

  changed(index: number): void {
    this.#changed.add(index)
  }

  /**
   * Writes the changed blocks. With `stamp` the index is declared valid for the present state of the directory, which is
   * necessary after each change of the directory. A crowded index is left undeclared, so that the next call rebuilds it.
   */
  close({ stamp }: { stamp: boolean }): void {
    try {
      for (const index of this.#changed) writeAll(this.#fd, this.block(index), index * BLOCK_SIZE)
      if (stamp && !this.index.isCrowded) this.#stamp()
    } catch {
      // The directory has changed and the stamp has not, so this index is ignored and rebuilt.
    } finally {
      giveBack(this.#fd)
    }
  }

  #stamp(): void {
    const seconds = Date.now() / 1000 - STAMP_AGE - Math.random()
    utimesSync(this.#place.directory, seconds, seconds)
    writeAll(this.#fd, formatHeader({ stamp: stampOf(this.#place), size: this.index.size }), 0)
  }
}

/** Removes an index if possible; there may be none. */
function removeIndex(directory: string): void {
  try {
    unlinkSync(pathIn(directory))
  } catch {
    // An index that stays is ignored, because the directory has changed since.
  }
}

function attempt(
  flags: number,
  { directory }: IndexPlace,
  make: (fd: number) => IndexFile | undefined,
): IndexFile | undefined {
  let fd: number | undefined
  let file: IndexFile | undefined
  try {
    fd = openSync(pathIn(directory), flags | constants.O_NONBLOCK, 0o600)
    file = make(fd)
  } catch {
    // Then there is no index.
  }
  if (fd !== undefined && file === undefined) giveBack(fd)
  return file
}

function pathIn(directory: string): string {
  return `${directory}/${fileNames.index}`
}

/** A text that changes when a file is made, removed or renamed in the directory, when the directory is replaced, and with every boot. */
function stampOf({ directory, bootId }: IndexPlace): string {
  const { dev, ino, mtimeNs, ctimeNs } = statSync(directory, { bigint: true })
  return [bootId, dev, ino, mtimeNs, ctimeNs].join(' ')
}

function readBlock(fd: number, position: number): Uint8Array {
  const block = new Uint8Array(BLOCK_SIZE)
  readSync(fd, block, 0, BLOCK_SIZE, position)
  return block
}

function writeAll(fd: number, bytes: Uint8Array, position: number): void {
  for (let done = 0; done < bytes.length; ) done += writeSync(fd, bytes, done, bytes.length - done, position + done)
}

/** The first block of an index. */
interface IndexHeader {
  /** The state of the directory when the index was complete. */
  readonly stamp: string
  readonly size: IndexSize
}

const FORMAT = 'patchbay index 1'

/** The first block: three lines of text, the rest zero. */
function formatHeader({ stamp, size }: IndexHeader): Uint8Array {
  const { ownerBlocks, nodeBlocks, taken, nodes } = size
  const block = new Uint8Array(BLOCK_SIZE)
  block.set(new TextEncoder().encode(`${FORMAT}\n${stamp}\n${[ownerBlocks, nodeBlocks, taken, nodes].join(' ')}\n`))
  return block
}

/** Returns `undefined` for bytes that are not a header. */
function parseHeader(block: Uint8Array): IndexHeader | undefined {
  const [format, stamp = '', numbers = '', rest] = new TextDecoder().decode(block).split('\n')
  const [ownerBlocks = 0, nodeBlocks = 0, taken = -1, nodes = -1] = numbers.split(' ').map(Number)
  const isSize = [ownerBlocks - 1, nodeBlocks - 1, taken, nodes].every(
    (each) => Number.isSafeInteger(each) && each >= 0,
  )
  if (format !== FORMAT || !isSize || rest === undefined) return undefined
  return { stamp, size: { ownerBlocks, nodeBlocks, taken, nodes } }
}
