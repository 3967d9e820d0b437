import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { Cni, type NetworkAttachment } from '@patchbay/cni/runtime'
import { listLeases } from '@patchbay/plugins/host-local'
import { formatLeases, type LeaseRow } from './format-leases.ts'

export interface LeasesOptions {
  /** Where host-local keeps leases. */
  dataDir: string
  /** Where runtimes remember attachments. */
  cacheDir: string
  json?: boolean
}

/**
 * Prints the leases of a network, or of all: who has them, since when, and whether a namespace backs them.
 *
 * @throws Error when there is no such network
 */
export async function leases(network: string | undefined, options: LeasesOptions): Promise<void> {
  const attachments = await new Cni({ path: [], cacheDir: options.cacheDir }).getCachedAttachments()
  const names = network === undefined ? networksIn(options.dataDir) : [network]
  const rows = names.flatMap((name) => rowsOf(name, options.dataDir, attachments))
  process.stdout.write(options.json ? `${JSON.stringify(rows, null, 2)}\n` : formatLeases(rows, new Date()))
}

function networksIn(dataDir: string): string[] {
  if (!existsSync(dataDir)) return []
  return readdirSync(dataDir, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort()
}

function rowsOf(network: string, dataDir: string, attachments: readonly NetworkAttachment[]): LeaseRow[] {
  const directory = join(dataDir, network)
  if (!existsSync(directory)) throw new Error(`Cannot list the leases of "${network}": no directory "${directory}"`)
  return listLeases(directory).map(({ ip, owner, since }) => ({
    network,
    address: String(ip),
    containerId: owner?.containerId ?? null,
    ifName: owner?.ifName ?? null,
    since: since.toISOString(),
    namespace: namespaceOf({ network, ...owner }, attachments),
  }))
}

/** `unknown` for attachments that no runtime remembers where we look. */
function namespaceOf(
  lease: { network: string; containerId?: string; ifName?: string },
  attachments: readonly NetworkAttachment[],
): LeaseRow['namespace'] {
  const attachment = attachments.find(
    ({ network, containerId, ifName }) =>
      network === lease.network &&
      containerId === lease.containerId &&
      (lease.ifName === undefined || ifName === lease.ifName),
  )
  if (attachment === undefined) return 'unknown'
  return existsSync(attachment.netns) ? 'present' : 'gone'
}
