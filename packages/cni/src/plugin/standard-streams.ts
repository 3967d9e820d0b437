import { readSync, writeSync } from 'node:fs'

/** How long to wait for a descriptor that has nothing to read or no room to write, in milliseconds. */
const pollMs = 1

/**
 * Reads a descriptor to its end as UTF-8. Unlike `process.stdin` this costs no start-up time; a descriptor that does
 * not block, as one shared with a terminal or a socket may be, is waited for.
 */
export async function readToEnd(fd: number): Promise<string> {
  const chunks: Uint8Array[] = []
  const buffer = Buffer.allocUnsafe(65_536)
  for (;;) {
    const size = readSome(fd, buffer)
    if (size === 0) return Buffer.concat(chunks).toString()
    if (size === undefined) await new Promise((resolve) => setTimeout(resolve, pollMs))
    else chunks.push(Buffer.from(buffer.subarray(0, size)))
  }
}

/** Writes all of a text to a descriptor, waiting for room where it does not block. */
export function writeFully(fd: number, text: string): void {
  const bytes = Buffer.from(text)
  for (let at = 0; at < bytes.length; ) at += writeSome(fd, bytes.subarray(at))
}

/** Writes text to standard error. A call does not fail because nobody reads what is said beside its answer. */
export function writeDiagnostics(text: string): void {
  try {
    writeFully(2, text)
  } catch {
    // Nowhere is left to say so.
  }
}

/** Returns the number of bytes read, 0 at the end, `undefined` when there is nothing yet. */
function readSome(fd: number, buffer: Uint8Array): number | undefined {
  try {
    return readSync(fd, buffer)
  } catch (error) {
    if (hasCode(error, 'EAGAIN')) return undefined
    // Windows reports the end of a pipe as an error.
    if (hasCode(error, 'EOF')) return 0
    throw error
  }
}

function writeSome(fd: number, bytes: Uint8Array): number {
  try {
    return writeSync(fd, bytes)
  } catch (error) {
    if (!hasCode(error, 'EAGAIN')) throw error
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, pollMs)
    return 0
  }
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}
