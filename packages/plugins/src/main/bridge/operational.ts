import { IF_OPER, type LinkSummary } from '@patchbay/linux/route'
import type { Host } from '../../link/hosts.ts'
import { awaitOperational } from '../../link/operational-state.ts'

/** How long a port may take to come up once both ends are. */
const LIMIT_MS = 2500

const stateNames = Object.entries(IF_OPER).map(([name, value]): [number, string] => [
  value,
  name.toLowerCase().replace('lowerlayerdown', 'lower-layer-down').replace('notpresent', 'not-present'),
])
const stateName = new Map(stateNames)

/**
 * Waits until a link is operationally up, as the kernel announces it.
 *
 * @returns the link as it is then
 * @throws Error `bridge port in error state: lower-layer-down`
 */
export async function waitUntilUp(host: Host, index: number): Promise<LinkSummary> {
  const link = await awaitOperational(host, index, LIMIT_MS)
  if (link.operstate === IF_OPER.UP) return link
  throw new Error(`bridge port in error state: ${stateName.get(link.operstate ?? 0) ?? link.operstate}`)
}
