import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { backingNamespaces, listLeases } from '@patchbay/plugins/host-local'
import { defaultDirectories, requireNamedDirectory } from '../named-directory.ts'
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
 * @throws Error when there is no such network, and when the directory that is named is not there
 */
export async function leases(network: string | undefined, options: LeasesOptions): Promise<void> {
  for (const option of ['dataDir', 'cacheDir'] as const)
    requireNamedDirectory('list leases', options[option], defaultDirectories[option])
  const backing = await backingNamespaces(options.cacheDir)
  const names = network === undefined ? networksIn(options.dataDir) : [network]
  const rows = names.flatMap((name) => rowsOf(name, options.dataDir, backing))
  process.stdout.write(options.json ? `${JSON.stringify(rows, null, 2)}\n` : formatLeases(rows, new Date()))
}

function networksIn(dataDir: string): string[] {
  if (!existsSync(dataDir)) return []
  return readdirSync(dataDir, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort()
}

type BackingOf = Awaited<ReturnType<typeof backingNamespaces>>

function rowsOf(network: string, dataDir: string, backing: BackingOf): LeaseRow[] {
  const directory = join(dataDir, network)
  if (!existsSync(directory))
    throw new Error(`Cannot list the leases of "${network}": no directory "${directory}"${othersIn(dataDir)}`)
  return listLeases(directory).map(({ ip, owner, since }) => ({
    network,
    address: String(ip),
    containerId: owner?.containerId ?? null,
    ifName: owner?.ifName ?? null,
    since: since.toISOString(),
    namespace: backing(network, owner),
  }))
}

function othersIn(dataDir: string): string {
  const names = networksIn(dataDir).map((name) => `"${name}"`)
  return names.length > 0 ? `, only leases of ${names.join(', ')}` : ''
}
