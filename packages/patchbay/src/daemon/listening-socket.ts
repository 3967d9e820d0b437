import { lstatSync, mkdirSync, rmdirSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { dirname } from 'node:path'
import { type FileLock, FileLockedError } from '@patchbay/linux/sys'
import { isDirectory } from '../executor/file-status.ts'
import type { ChannelServer } from './channel.ts'
import { lockInPlace } from './lock-in-place.ts'
import { inheritedSocket } from './service-manager.ts'
import { defaultSocketPath } from './socket-path.ts'

/** Where a daemon listens. */
export interface Listening {
  /** The socket's path; the service manager's own when it handed the socket over. */
  readonly path: string
  /** Takes away what was made. */
  close(): void
}

/**
 * Has a server listen on the socket that the service manager handed over, else on a new one at `path` that only this user
 * can connect to. A socket that an earlier daemon left is replaced.
 *
 * @throws Error when its directory is missing, another program listens there, or what is there is no socket
 */
export async function listen(server: ChannelServer, path: string, env: NodeJS.ProcessEnv): Promise<Listening> {
  const fd = inheritedSocket(env, process.pid)
  if (fd !== undefined) {
    await server.listen({ fd })
    return { path: 'the socket of the service manager', close: () => undefined }
  }
  const release = await claim(path)
  const umask = process.umask(0o177)
  try {
    await removeStale(path)
    await server.listen({ path })
  } catch (error) {
    release()
    throw error
  } finally {
    process.umask(umask)
  }
  const close = () => {
    rmSync(path, { force: true })
    release()
  }
  return { path, close }
}

/**
 * Makes sure of the directory and that no other daemon is at work there.
 *
 * @returns what gives the path up, and takes away what was made for that
 */
async function claim(path: string): Promise<() => void> {
  const madeDirectory = path === defaultSocketPath && makeDirectory(dirname(path))
  requireDirectory(path)
  const lock = await lockOf(path)
  return () => {
    // While it is locked: afterwards it may be another daemon's.
    rmSync(lock.path, { force: true })
    lock.close()
    if (madeDirectory) removeEmpty(dirname(path))
  }
}

/** Only this user can enter it. */
function makeDirectory(path: string): boolean {
  return mkdirSync(path, { recursive: true, mode: 0o700 }) !== undefined
}

function removeEmpty(directory: string): void {
  try {
    rmdirSync(directory)
  } catch {
    // Somebody has put something there meanwhile, or has removed it.
  }
}

function requireDirectory(path: string): void {
  const directory = dirname(path)
  if (isDirectory(directory)) return
  const state = `"${directory}" is no directory; make it, or name another path by --socket`
  throw new Error(`Cannot listen on "${path}": ${state}`)
}

/** Takes a socket away that nobody listens on. What else there may be was not made by a daemon. */
async function removeStale(path: string): Promise<void> {
  const found = lstatSync(path, { throwIfNoEntry: false })
  if (found === undefined) return
  if (!found.isSocket())
    throw new Error(`Cannot listen on "${path}": it is no socket; remove it, or name another path by --socket`)
  const code = await connectionError(path)
  if (code !== 'ECONNREFUSED') throw new Error(`Cannot listen on "${path}": another program does`)
  rmSync(path)
}

/** By which error the kernel refuses a connection; `undefined` when it does not. */
function connectionError(path: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect(path)
    socket.on('connect', () => {
      socket.destroy()
      resolve(undefined)
    })
    socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code))
  })
}

/** Held for the daemon's life: the daemon that has it may take an old socket away. */
async function lockOf(path: string): Promise<FileLock> {
  try {
    return await lockInPlace(`${path}.lock`, { timeoutMs: 0 })
  } catch (error) {
    if (!(error instanceof FileLockedError)) throw error
    const holders = error.holders.length === 0 ? '' : `, process ${error.holders.join(', ')}`
    throw new Error(`Cannot listen on "${path}": another daemon does${holders}`, { cause: error })
  }
}
