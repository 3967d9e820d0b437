import { join } from 'node:path'
import { isDirectory } from '../executor/file-status.ts'

/** Where things are by default. They come with the first network that is used, so that they need not be there. */
export const defaultDirectories = { dataDir: '/var/lib/cni/networks', cacheDir: '/var/lib/cni' } as const

/**
 * Refuses a directory that somebody has named and that is not there.
 *
 * @param doing what it is for: `list leases`
 * @throws Error `Cannot list leases: no directory "/x"`
 */
export function requireNamedDirectory(doing: string, directory: string, byDefault: string): void {
  if (directory !== byDefault && !isDirectory(directory))
    throw new Error(`Cannot ${doing}: no directory "${directory}"`)
}

/**
 * Refuses a directory that somebody has named as the one where runtimes remember attachments, and that is another.
 *
 * @param doing what it is for: `list leases`
 * @throws Error that names the folder in it that is expected
 */
export function requireCacheDirectory(doing: string, directory: string): void {
  const byDefault = defaultDirectories.cacheDir
  requireNamedDirectory(doing, directory, byDefault)
  if (directory === byDefault || isDirectory(join(directory, 'results'))) return
  const expected = `--cache-dir is the directory that has the folder "results", by default "${byDefault}"`
  throw new Error(`Cannot ${doing}: no attachments are remembered in "${directory}"; ${expected}`)
}
