import type { Request } from '@patchbay/cni/plugin'
import { messageOf } from '../../request/error-message.ts'
import { changeTable, hasIptables, type TableName } from './iptables.ts'
import { uncut } from './run-tool.ts'
import type { TableChange } from './table-change.ts'

/**
 * Takes rules out of a table, also once the call has been cut short. Where the tools are missing there is nothing to take out.
 *
 * @param options.certain whether rules were made for this IP version; otherwise the host may not even have it, and what
 *   goes wrong is only warned of
 */
export async function cleanTable(
  request: Request,
  { certain, ...name }: TableName & { certain: boolean },
  plan: (change: TableChange) => void,
): Promise<void> {
  if (!hasIptables(request, name.version)) return
  try {
    await changeTable(uncut(request), name, plan)
  } catch (error) {
    if (certain) throw error
    request.warn(messageOf(error))
  }
}
