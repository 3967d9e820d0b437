import type { Request } from '@patchbay/cni/plugin'
import type { Result } from '@patchbay/cni/types'
import type { UndoStack } from './undo-stack.ts'

/** What an IPAM plugin must return: at least one address. */
export type IpamResult = Result & { ips: NonNullable<Result['ips']> }

/**
 * Has the IPAM plugin allocate addresses; should anything fail from here on, it is told to release them.
 *
 * @throws Error `IPAM plugin returned missing IP config`, and whatever the plugin fails with
 */
export async function allocateAddresses(request: Request, type: string, undo: UndoStack): Promise<IpamResult> {
  const result = await request.delegate(type, 'ADD')
  undo.push(`IPAM plugin "${type}" ADD`, async () => {
    await request.delegate(type, 'DEL')
  })
  if (!result?.ips || result.ips.length === 0) throw new Error('IPAM plugin returned missing IP config')
  return { ...result, ips: result.ips }
}
