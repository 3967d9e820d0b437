import { constants, fstatSync, openSync, readFileSync } from 'node:fs'
import { errno } from './errno.ts'
import { giveBack } from './give-back.ts'
import { native } from './native.ts'
import { checked, checkedFileCall } from './system-error.ts'

/** `<sys/file.h>` */
const LOCK = { EX: 2, NB: 4 } as const

const DEFAULT_TIMEOUT_MS = 60_000

/** The longest pause between two attempts: what a waiter may lose after the holder has let go. */
const LONGEST_PAUSE_MS = 16

export interface LockOptions {
  /** Permissions of a file that has to be made, less the umask; 0600 by default. */
  mode?: number | undefined
  /** For a file that cannot be opened for writing, such as a namespace. It is not made when it is missing. */
  readOnly?: boolean | undefined
  signal?: AbortSignal | undefined
  /** How long to wait for another holder, in milliseconds; 60 000 by default, 0 not at all. */
  timeoutMs?: number | undefined
}

/** An exclusive lock on a file, held until it is closed or the process ends, however it ends. */
export class FileLock implements Disposable {
  readonly path: string
  readonly fd: number
  #closed = false

  constructor(path: string, fd: number) {
    this.path = path
    this.fd = fd
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    giveBack(this.fd)
  }

  [Symbol.dispose](): void {
    this.close()
  }
}

/** A lock that others kept for as long as the caller would wait. */
export class FileLockedError extends Error {
  override readonly name = 'FileLockedError'
  /** That of flock(2) for a lock that is held. */
  readonly code = 'EAGAIN'
  readonly path: string
  /** Process ids of the holders; empty when they are in a pid namespace that this process does not see. */
  readonly holders: readonly number[]

  constructor(path: string, timeoutMs: number, holders: readonly number[]) {
    const who = holders.length === 0 ? 'another process' : `process ${holders.map(describeProcess).join(', ')}`
    super(`Cannot lock "${path}" within ${timeoutMs} ms: ${who} holds it`)
    this.path = path
    this.holders = holders
  }
}

/**
 * Locks a file with flock(2), for this caller against every other, in this process or in another. The file is made
 * when it is missing and stays when the lock is gone.
 *
 * A held lock is tried again every few milliseconds. Waiting inside flock(2) on the thread pool would be a little
 * quicker, but nothing can end such a wait: Node cannot even exit before the holder lets go, and a few of them stop
 * everything else that needs the pool.
 *
 * @throws FileLockedError when another holds the lock for longer than `timeoutMs`
 * @throws SystemError when the file cannot be opened, or when its file system has no locks
 */
export async function lockFile(path: string, options: LockOptions = {}): Promise<FileLock> {
  const file = new FileLock(path, openFile(path, options))
  try {
    await acquire(file, options)
    return file
  } catch (error) {
    file.close()
    throw error
  }
}

function openFile(path: string, { mode = 0o600, readOnly = false }: LockOptions): number {
  // Write access, because NFS makes of an exclusive flock one by fcntl(2), which asks for it.
  const access = readOnly ? constants.O_RDONLY : constants.O_RDWR | constants.O_CREAT
  return checkedFileCall(() => openSync(path, access | constants.O_NONBLOCK, mode))
}

async function acquire({ path, fd }: FileLock, options: LockOptions): Promise<void> {
  const { signal, timeoutMs = DEFAULT_TIMEOUT_MS } = options
  const deadline = performance.now() + timeoutMs
  for (let pauseMs = 1; ; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
    signal?.throwIfAborted()
    const result = native().flock(fd, LOCK.EX | LOCK.NB)
    if (result !== -errno.EAGAIN) {
      checked('flock', result, path)
      return
    }
    const leftMs = deadline - performance.now()
    if (leftMs <= 0) throw new FileLockedError(path, timeoutMs, holdersOf(fd))
    await pause(Math.min(pauseMs, leftMs), signal)
  }
}

function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', end)
      resolve()
    }
    const timer = setTimeout(end, ms)
    signal?.addEventListener('abort', end)
  })
}

/** `1: FLOCK  ADVISORY  WRITE 4711 fe:01:1234 0 EOF`, proc_locks(5); one that waits has `->` behind its number. */
const HELD = /^\d+: FLOCK +\w+ +\w+ +(\d+) ([0-9a-f]+):([0-9a-f]+):(\d+) /gm

function holdersOf(fd: number): number[] {
  const { dev, ino } = fstatSync(fd, { bigint: true })
  const held = [...readLocks().matchAll(HELD)].filter(([, , , , inode]) => inode === String(ino))
  // Some file systems (btrfs, overlayfs) tell stat(2) another device than the kernel's own: there the inode decides.
  const exact = held.filter(([, , major, minor]) => `${major}:${minor}` === deviceName(dev))
  return (exact.length > 0 ? exact : held).map(([, pid]) => Number(pid))
}

function readLocks(): string {
  try {
    return readFileSync('/proc/locks', 'utf8')
  } catch {
    return ''
  }
}

/** `<sys/sysmacros.h> gnu_dev_major`, `gnu_dev_minor`; printed as the kernel does. */
function deviceName(dev: bigint): string {
  const major = ((dev >> 8n) & 0xfffn) | ((dev >> 32n) & 0xfffff000n)
  const minor = (dev & 0xffn) | ((dev >> 12n) & 0xffffff00n)
  return `${hex(major)}:${hex(minor)}`
}

function hex(number: bigint): string {
  return number.toString(16).padStart(2, '0')
}

function describeProcess(pid: number): string {
  try {
    return `${pid} (${readFileSync(`/proc/${pid}/comm`, 'utf8').trim()})`
  } catch {
    return String(pid)
  }
}
