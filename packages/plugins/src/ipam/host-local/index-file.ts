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
import { BLOCK_SIZE, type Blocks } from './blocks.ts'
import type { TakenAddress } from './catalogue.ts'
import { formatHeader, parseHeader } from './index-header.ts'
import { fileNames } from './lease-file.ts'
import { type IndexSize, LeaseIndex } from './lease-index.ts'

/** How far back in time a directory's stamp lies, in seconds: further than the coarsest clock of a file system is off. */
const STAMP_AGE = 3

/** How much of what is free on the disk an index may take: leases come first. */
const LARGEST_SHARE = 0.1

/** Whose index, and of which run of the kernel. */
export interface IndexPlace {
  readonly directory: string
  readonly bootId: string
}

/**
 * The index in a network's directory, open while the directory is locked.
 *
 * It is a hint and never the truth. It says which state of the directory it is of: when the index was complete, the
 * directory was given a time of change in the past, so that whatever happens in it afterwards, by whomever, shows. It also
 * names the boot: within one boot the kernel loses nothing that was written, after a power cut anything may be torn.
 * Whatever fails here is no failure of the operation: there is just no index then.
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

  /** Opens the index; `undefined` when the directory has no index, or one that was made for another state of it. */
  static open(place: IndexPlace): IndexFile | undefined {
    // Most directories have no index, and to ask costs less than an error.
    if (!existsSync(pathIn(place.directory))) return undefined
    return attempt(constants.O_RDWR, place, (fd) => {
      const header = parseHeader(readBlock(fd, 0))
      if (header === undefined || header.stamp !== stampOf(place)) return undefined
      return fstatSync(fd).size === LeaseIndex.bytesFor(header.size) ? new IndexFile(place, fd, header.size) : undefined
    })
  }

  /** Makes an index; `undefined` when that is not possible. It counts once it is closed. */
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
   * Writes what has changed. With `stamp` the index is declared to be of the directory as it is now, which has to be said
   * whenever something in that was changed; a crowded one is not, so that it is made anew.
   */
  close({ stamp }: { stamp: boolean }): void {
    try {
      for (const index of this.#changed) writeAll(this.#fd, this.block(index), index * BLOCK_SIZE)
      if (stamp && !this.index.isCrowded) this.#stamp()
    } catch {
      // The directory has changed and the stamp has not: nobody will trust this index.
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

/** Removes an index, if there is one and that is possible. */
export function removeIndex(directory: string): void {
  try {
    unlinkSync(pathIn(directory))
  } catch {
    // Whoever reads it finds that the directory has changed since.
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
    // No index, then.
  }
  if (fd !== undefined && file === undefined) giveBack(fd)
  return file
}

function pathIn(directory: string): string {
  return `${directory}/${fileNames.index}`
}

/** Changes when anything is made, removed or renamed in the directory, when it is another one, and with every boot. */
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
