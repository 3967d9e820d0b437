import { closeSync, constants, fstatSync, openSync, readSync, type Stats } from 'node:fs'
import { open } from 'node:fs/promises'

/** A FIFO without a writer does not keep the one who opens it waiting, and a terminal does not become its own. */
const openForReading = constants.O_RDONLY | constants.O_NONBLOCK | (constants.O_NOCTTY ?? 0)

/** Bytes: as much as a plugin takes of a configuration. */
const DEFAULT_LIMIT = 16 * 2 ** 20

/**
 * The text of a file that somebody else has named or may have put there. Reading a FIFO or a device could take for ever, and
 * all memory: neither is read.
 *
 * @param limit bytes; 16 MiB by default
 * @throws Error of `node:fs` when it cannot be opened or read, and for what is no regular file or is larger than `limit`
 */
export function readRegularFile(path: string, limit = DEFAULT_LIMIT): string {
  const fd = openSync(path, openForReading)
  try {
    const { room, isSized } = roomFor(fstatSync(fd), { path, limit })
    const pieces: Buffer[] = []
    for (let left = limit + 1; left > 0; ) {
      const piece = Buffer.allocUnsafe(Math.min(room, left))
      const size = readSync(fd, piece, 0, piece.length, null)
      if (size === 0) return textOf(pieces)
      pieces.push(piece.subarray(0, size))
      if (size < piece.length && isSized) return textOf(pieces)
      left -= size
    }
  } finally {
    close(fd)
  }
  throw tooLarge(path, limit)
}

/** As {@link readRegularFile}, without keeping the event loop from going on. */
export async function readRegularFileLater(path: string, limit = DEFAULT_LIMIT): Promise<string> {
  const file = await open(path, openForReading)
  try {
    const { room, isSized } = roomFor(await file.stat(), { path, limit })
    const pieces: Buffer[] = []
    for (let left = limit + 1; left > 0; ) {
      const piece = Buffer.allocUnsafe(Math.min(room, left))
      const { bytesRead } = await file.read(piece, 0, piece.length, null)
      if (bytesRead === 0) return textOf(pieces)
      pieces.push(piece.subarray(0, bytesRead))
      if (bytesRead < piece.length && isSized) return textOf(pieces)
      left -= bytesRead
    }
  } finally {
    await file.close().catch(() => undefined)
  }
  throw tooLarge(path, limit)
}

/** Linux closes a descriptor even when close(2) fails, and nothing that was read is lost. */
function close(fd: number): void {
  try {
    closeSync(fd)
  } catch {}
}

/**
 * Bytes for one read, and whether that reads all. Reading says of a directory that it is one. Files of /proc say that they
 * have no bytes, and have some.
 */
function roomFor(stat: Stats, { path, limit }: { path: string; limit: number }) {
  if (!stat.isFile() && !stat.isDirectory()) throw new Error(`Cannot read "${path}": it is no regular file`)
  if (stat.size > limit && stat.isFile()) throw tooLarge(path, limit)
  return stat.size > 0 ? { room: stat.size + 1, isSized: true } : { room: 4096, isSized: false }
}

function tooLarge(path: string, limit: number): Error {
  return new Error(`Cannot read "${path}": it has more than ${limit} bytes`)
}

function textOf(pieces: readonly Buffer[]): string {
  const [only] = pieces
  return only !== undefined && pieces.length === 1 ? only.toString() : Buffer.concat(pieces).toString()
}
