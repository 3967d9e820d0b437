import { CniError } from '@patchbay/cni/types'
import type { Namespace } from '@patchbay/linux/netns'
import { errno, native } from '@patchbay/linux/sys'
import { openNamespace } from '../../request/open-namespace.ts'
import type { Caller } from './run-tool.ts'

/** `<sys/file.h>` LOCK_EX and LOCK_NB */
const EXCLUSIVE_NOW = 2 | 4
/** A call holds the lock for a fraction of a second. */
const TIMEOUT_MS = 60_000
const LONGEST_PAUSE_MS = 16

/**
 * Changes the rules of a host while no other call of this plugin does. Two at once would both see that something is
 * missing; and a tool begins again when another has changed the rules meanwhile, so that many at once take very long.
 * The lock is on the namespace itself: it leaves no file, and ends with its holder.
 *
 * @throws {CniError} 11 when others keep it for too long
 */
export async function withRulesLocked<T>(caller: Caller, work: () => Promise<T>): Promise<T> {
  using netns = openNamespace(caller.hostNetns)
  await lock(netns, caller.signal)
  return await work()
}

async function lock({ fd, path }: Namespace, signal: AbortSignal | undefined): Promise<void> {
  const deadline = performance.now() + TIMEOUT_MS
  for (let pauseMs = 1; native().flock(fd, EXCLUSIVE_NOW) === -errno.EAGAIN; pauseMs *= 2) {
    signal?.throwIfAborted()
    if (performance.now() > deadline)
      throw new CniError(
        'tryAgainLater',
        `Cannot lock rules of "${path}" within ${TIMEOUT_MS} ms: another call has them`,
      )
    await new Promise((resolve) => setTimeout(resolve, Math.min(pauseMs, LONGEST_PAUSE_MS)))
  }
}
