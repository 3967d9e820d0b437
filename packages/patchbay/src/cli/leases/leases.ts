import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { backingNamespaces, isLeaseDirectory, listLeases } from '@patchbay/plugins/host-local'
import { defaultDirectories, requireCacheDirectory, requireNamedDirectory } from '../named-directory.ts'
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
 * @throws Error when there is no such network, and when a directory that is named is not there or is of another kind
 */
export async function leases(network: string | undefined, options: LeasesOptions): Promise<void> {
  requireDataDirectory(options.dataDir)
  requireCacheDirectory('list leases', options.cacheDir)
  const backing = await backingNamespaces(options.cacheDir)
  const names = network === undefined ? networksIn(options.dataDir) : [network]
  const rows = names.flatMap((name) => rowsOf(name, options.dataDir, backing))
  process.stdout.write(options.json ? `${JSON.stringify(rows, null, 2)}\n` : formatLeases(rows, new Date()))
}

/** An empty directory is one where the first lease is still to be made. */
function requireDataDirectory(directory: string): void {
  const byDefault = defaultDirectories.dataDir
  requireNamedDirectory('list leases', directory, byDefault)
  if (directory === byDefault || readdirSync(directory).length === 0) return
  if (networksIn(directory).some((name) => isLeaseDirectory(join(directory, name)))) return
  const expected = `--data-dir is the directory that has a folder of leases for each network, by default "${byDefault}"`
  throw new Error(`Cannot list leases: no folder in "${directory}" has leases; ${expected}`)
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
