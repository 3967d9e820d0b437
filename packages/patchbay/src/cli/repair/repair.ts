import { Shared } from '@patchbay/cni/plugin'
import { requireCacheDirectory } from '../named-directory.ts'
import { type RepairedAttachment, repairAttachments } from './repair-attachments.ts'

export interface RepairCommandOptions {
  /** Where runtimes remember attachments. */
  cacheDir: string
  json?: boolean
}

/**
 * Puts back the rules of a network, or of all, and prints what became of each attachment.
 *
 * @throws Error when something could not be put back, when there is no such network, and when the directory that is named is
 *   not one where attachments are remembered
 */
export async function repair(network: string | undefined, { cacheDir, json }: RepairCommandOptions): Promise<void> {
  requireCacheDirectory('repair', cacheDir)
  using shared = new Shared()
  const rows = await repairAttachments({
    network,
    shared,
    cacheDir,
    hostNetns: '/proc/self/ns/net',
    stderr: (text) => process.stderr.write(text),
  })
  process.stdout.write(json ? `${JSON.stringify(rows, null, 2)}\n` : formatRepaired(rows))
  const failed = rows.filter(({ state }) => state === 'failed')
  if (failed.length > 0) throw new Error(`Cannot repair ${failed.map(nameOf).join(', ')}`)
}

/** A line an attachment: `net1 c1 eth0: restored masquerade, portmap`. */
export function formatRepaired(rows: readonly RepairedAttachment[]): string {
  return rows.map((row) => `${nameOf(row)}: ${describe(row)}\n`).join('')
}

function nameOf({ network, containerId, ifName }: RepairedAttachment): string {
  return `${network} ${containerId} ${ifName}`
}

function describe({ state, netns, restored, errors }: RepairedAttachment): string {
  if (state === 'gone') return `nothing to restore, the namespace "${netns}" is gone`
  const done = restored.length > 0 ? [`restored ${restored.join(', ')}`] : []
  return [...done, ...errors.map((error) => `failed: ${error}`)].join('; ')
}
