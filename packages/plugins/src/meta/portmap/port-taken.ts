import type { Request } from '@patchbay/cni/plugin'
import { messageOf } from '../../request/error-message.ts'
import { type Holder, mayBeAlive } from './holder-alive.ts'

/** Another container has a port that is asked for. */
export class PortTakenError extends Error {
  override readonly name = 'PortTakenError'
  readonly holder: Holder

  constructor(port: string, holder: Holder, inWords: string) {
    super(`Cannot publish ${port}: ${inWords} has it`)
    this.holder = holder
  }
}

/**
 * Publishes ports, in place of containers that certainly are no more.
 *
 * @param publish fails with {@link PortTakenError} unless the holder is among those that are gone
 */
export async function displacingGone<T>(
  request: Request,
  publish: (gone: ReadonlySet<string>) => Promise<T>,
): Promise<T> {
  const gone = new Set<string>()
  for (;;) {
    try {
      return await publish(gone)
    } catch (error) {
      if (!(error instanceof PortTakenError) || gone.has(error.holder.key)) throw error
      if (await mayBeAlive(request, error.holder)) throw error
      gone.add(error.holder.key)
      request.warn(
        `${messageOf(error)}, and is gone: its ports are taken back, since no namespace has its address and there is no lease`,
      )
    }
  }
}
