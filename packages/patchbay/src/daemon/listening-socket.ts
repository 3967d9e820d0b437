import { mkdirSync, rmSync } from 'node:fs'
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
 * @throws Error when another daemon listens there
 */
export async function listen(server: ChannelServer, path: string, env: NodeJS.ProcessEnv): Promise<Listening> {
  const fd = inheritedSocket(env, process.pid)
  if (fd !== undefined) {
    await server.listen({ fd })
    return { path: 'the socket of the service manager', close: () => undefined }
  }
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  const lock = await lockOf(path)
  rmSync(path, { force: true })
  const umask = process.umask(0o177)
  try {
    await server.listen({ path })
  } finally {
    process.umask(umask)
  }
  const close = () => {
    rmSync(path, { force: true })
    lock.close()
  }
  return { path, close }
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
