import { lstatSync, mkdirSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { dirname } from 'node:path'
import { FileLockedError, lockFile } from '@patchbay/linux/sys'
import type { ChannelServer } from './channel.ts'
import { inheritedSocket } from './service-manager.ts'

/** Where a daemon listens. */
export interface Listening {
  /** The socket's path; the service manager's own when it handed the socket over. */
  readonly path: string
  /** Takes away what was made. */
  close(): void
}

/**
 * Has a server listen on the socket that the service manager handed over, else on a new one at `path` that only this user
 * can connect to, in a directory that only this user can enter. A socket that an earlier daemon left is replaced.
 *
 * @throws Error when another program listens there, or what is there is no socket
 */
export async function listen(server: ChannelServer, path: string, env: NodeJS.ProcessEnv): Promise<Listening> {
  const fd = inheritedSocket(env, process.pid)
  if (fd !== undefined) {
    await server.listen({ fd })
    return { path: 'the socket of the service manager', close: () => undefined }
  }
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  const lock = await lockOf(path)
  const umask = process.umask(0o177)
  try {
    await removeStale(path)
    await server.listen({ path })
  } catch (error) {
    lock.close()
    throw error
  } finally {
    process.umask(umask)
  }
  const close = () => {
    rmSync(path, { force: true })
    lock.close()
  }
  return { path, close }
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

/** Held for the daemon's life: whoever has it may take an old socket away. */
async function lockOf(path: string) {
  try {
    return await lockFile(`${path}.lock`, { timeoutMs: 0 })
  } catch (error) {
    if (!(error instanceof FileLockedError)) throw error
    const holders = error.holders.length === 0 ? '' : `, process ${error.holders.join(', ')}`
    throw new Error(`Cannot listen on "${path}": another daemon does${holders}`, { cause: error })
  }
}
