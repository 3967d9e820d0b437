import { unlinkSync } from 'node:fs'
import { mkdir, open, readdir, rename, stat, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { errnoOf, pathErrorText } from '../config/error-text.ts'
import { readRegularFile, readRegularFileLater } from '../config/regular-file.ts'
import { shortenedName } from '../config/shortened-name.ts'
import { type JsonObject, quote } from '../json/index.ts'
import { type CacheEntry, cacheKind, formatCacheEntry, parseCacheEntry } from './cache-entry.ts'
import type { RuntimeConf } from './runtime-conf.ts'

/** Where attachments are remembered when neither the `Cni` object nor the call says otherwise. */
export const defaultCacheDir = '/var/lib/cni'

/** A network's name never starts with a dot, so no attachment's file is called so. */
const temporaryPrefix = '.tmp-'
/** `<linux/limits.h> NAME_MAX` */
const MAX_FILE_NAME_BYTES = 255
const abandonedAfterMs = 60 * 60 * 1000

/** Names the file of one attachment. */
export interface CacheKey {
  directory: string
  network: string
  rt: RuntimeConf
}

/** Returns the text of an attachment's file; `undefined` when it cannot be read. */
export function readCache(key: CacheKey): string | undefined {
  const path = cachePath(key)
  if (path === undefined) return undefined
  try {
    return readRegularFile(path)
  } catch {
    // As if the attachment had never been cached: DEL must go on without.
    return undefined
  }
}

/**
 * Writes an attachment's file, mode 0600 in a directory with mode 0700. At every moment the file is the old one or
 * the new one, whole, and when this resolves it is the new one also after a crash of the machine. Rejects with the
 * system's error.
 */
export async function writeCache(key: CacheKey, config: string, result: JsonObject): Promise<void> {
  const path = cachePath(key)
  if (path === undefined) throw new Error('Cannot write cache file: name has a path separator')
  const directory = resultsDir(key.directory)
  await mkdir(directory, { recursive: true, mode: 0o700 })
  const temporary = join(directory, `${temporaryPrefix}${process.pid}-${process.hrtime.bigint()}`)
  try {
    await writeSynced(temporary, formatCacheEntry(config, key.network, key.rt, result))
    await rename(temporary, path)
    await syncDirectory(directory)
  } catch (error) {
    await unlink(temporary).catch(() => undefined)
    throw new Error(pathErrorText('open', path, error), { cause: error })
  }
}

/** Removes an attachment's file; that it cannot be removed, or is not there, is no error. */
export function removeCache(key: CacheKey): void {
  try {
    const path = cachePath(key)
    if (path !== undefined) unlinkSync(path)
  } catch {
    // The next ADD overwrites it.
  }
}

/**
 * Returns the readable entries among the files that `wanted` accepts by name, and among those whose names may be shortened,
 * sorted by file name. A directory that does not exist has none; one that cannot be read rejects with an Error whose cause is the system's,
 * an aborted signal with its reason.
 */
export async function listCache(
  directory: string,
  wanted: (fileName: string) => boolean,
  signal: AbortSignal | undefined,
): Promise<CacheEntry[]> {
  const entries: CacheEntry[] = []
  for (const name of await fileNames(resultsDir(directory))) {
    signal?.throwIfAborted()
    if (name.startsWith(temporaryPrefix) || !(wanted(name) || mayBeShortened(name))) continue
    const entry = await readEntry(join(resultsDir(directory), name))
    if (entry?.ifName && entry.networkName) entries.push(entry)
  }
  return entries
}

/** Removes what writers that were killed left behind an hour ago or earlier. */
export async function sweepCache(directory: string): Promise<void> {
  for (const name of await fileNames(resultsDir(directory))) {
    if (!name.startsWith(temporaryPrefix)) continue
    const path = join(resultsDir(directory), name)
    const age = await stat(path).then(
      ({ mtimeMs }) => Date.now() - mtimeMs,
      () => 0,
    )
    if (age > abandonedAfterMs) await unlink(path).catch(() => undefined)
  }
}

/** Names are of ASCII, and then a shortened one is as long as a name can be. */
function mayBeShortened(name: string): boolean {
  return name.length === MAX_FILE_NAME_BYTES
}

async function fileNames(directory: string): Promise<string[]> {
  try {
    return (await readdir(directory)).sort()
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return []
    throw new Error(pathErrorText('open', directory, error), { cause: error })
  }
}

async function readEntry(path: string): Promise<CacheEntry | undefined> {
  try {
    const entry = parseCacheEntry(await readRegularFileLater(path))
    return entry.kind === cacheKind ? entry : undefined
  } catch {
    // Torn, empty, somebody else's, or gone meanwhile.
    return undefined
  }
}

async function writeSynced(path: string, text: string): Promise<void> {
  const file = await open(path, 'wx', 0o600)
  try {
    await file.writeFile(text)
    await file.sync()
  } finally {
    await file.close()
  }
}

/** A new name lasts when the directory that it is in has been synced. */
async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r')
  try {
    await directory.sync()
  } finally {
    await directory.close()
  }
}

/**
 * The name of libcni; where no file can have it, shortened. `undefined` for names that would lead out of the directory: no
 * attachment was ever cached under these.
 */
function cachePath({ directory, network, rt }: CacheKey): string | undefined {
  const { containerId, ifName } = rt
  if (network === '' || containerId === '' || ifName === '') {
    const names = `container ID (${quote(containerId)}), and interface name (${quote(ifName)})`
    throw new Error(`cache file path requires network name (${quote(network)}), ${names}`)
  }
  const name = `${network}-${containerId}-${ifName}`
  return /[/\\\0]/.test(name) ? undefined : join(resultsDir(directory), shortenedName(name, MAX_FILE_NAME_BYTES))
}

function resultsDir(directory: string): string {
  return join(directory, 'results')
}
