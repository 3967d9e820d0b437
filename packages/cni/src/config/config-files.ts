import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { compareBytes } from '../json/format.ts'
import { errnoOf, pathErrorText } from './error-text.ts'
import { readRegularFileLater } from './regular-file.ts'

/**
 * Returns the paths of the files in a directory, links included, whose last extension is one of `extensions` (each
 * with its dot), sorted by bytes. A directory that does not exist has none; one that cannot be read rejects with
 * an Error whose cause is the system's.
 */
export async function configFiles(directory: string, extensions: readonly string[]): Promise<string[]> {
  const entries = await readEntries(directory)
  return entries
    .filter((entry) => !entry.isDirectory() && extensions.includes(extensionOf(entry.name)))
    .map((entry) => join(directory, entry.name))
    .sort(compareBytes)
}

/** Returns a file's text; rejects with an Error whose cause is the system's. */
export async function readConfigFile(path: string): Promise<string> {
  try {
    return await readRegularFileLater(path)
  } catch (error) {
    const operation = errnoOf(error) === 'EISDIR' ? 'read' : 'open'
    throw new Error(`error reading ${path}: ${pathErrorText(operation, path, error)}`, { cause: error })
  }
}

async function readEntries(directory: string) {
  try {
    return await readdir(directory, { withFileTypes: true })
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return []
    const operation = errnoOf(error) === 'ENOTDIR' ? 'readdirent' : 'open'
    throw new Error(pathErrorText(operation, directory, error), { cause: error })
  }
}

/** Unlike Node's `extname`, a leading dot counts: the extension of `.conf` is `.conf`. */
function extensionOf(name: string): string {
  const dot = name.lastIndexOf('.')
  return dot === -1 ? '' : name.slice(dot)
}
