import { existsSync } from 'node:fs'

/** Where things are by default. They come with the first network that is used, so that they need not be there. */
export const defaultDirectories = { dataDir: '/var/lib/cni/networks', cacheDir: '/var/lib/cni' } as const

/**
 * Refuses a directory that somebody has named and that is not there.
 *
 * @param doing what it is for: `list leases`
 * @throws Error `Cannot list leases: no directory "/x"`
 */
export function requireNamedDirectory(doing: string, directory: string, byDefault: string): void {
  if (directory !== byDefault && !existsSync(directory)) throw new Error(`Cannot ${doing}: no directory "${directory}"`)
}
