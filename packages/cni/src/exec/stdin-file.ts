import { closeSync, constants, openSync, writeSync } from 'node:fs'

/** `O_TMPFILE` without its `O_DIRECTORY` part, <asm-generic/fcntl.h> `__O_TMPFILE`: the same on x86 and arm. */
const unnamed = 0o20000000

/** In memory first: a network configuration may hold secrets. */
const directories = ['/dev/shm', '/tmp']

/**
 * Returns a descriptor, to be closed by the caller, of a file without a name that holds `text`; `undefined` where
 * the system has no place for one.
 *
 * A plugin's standard input is such a file because Node's pipes are sockets, and `cat /dev/stdin`, which many
 * plugins written for a shell begin with, cannot open a socket.
 */
export function openStdinFile(text: string): number | undefined {
  if (process.platform !== 'linux') return undefined
  const fd = openUnnamed()
  if (fd === undefined) return undefined
  try {
    // Written at a position, so that the descriptor's own offset stays at the start.
    const bytes = Buffer.from(text)
    for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at, bytes.length - at, at)
    return fd
  } catch {
    closeSync(fd)
    return undefined
  }
}

function openUnnamed(): number | undefined {
  for (const directory of directories) {
    try {
      return openSync(directory, constants.O_RDWR | constants.O_DIRECTORY | unnamed, 0o600)
    } catch {
      // The next one: not every file system has unnamed files.
    }
  }
  return undefined
}
