import { statSync } from 'node:fs'
import { join } from 'node:path'
import { quote } from '../json/index.ts'

const suffixes = process.platform === 'win32' ? ['.exe', ''] : ['']

/**
 * Returns the path of the plugin `name`: the first directory of `path` wins in which it is a regular file, or a
 * link to one. Whether it may be executed is not looked at. Rejects with an Error when it is nowhere.
 */
export async function findInPath(name: string, path: readonly string[]): Promise<string> {
  if (name === '') throw new Error('no plugin name provided')
  if (name.includes('/') || (process.platform === 'win32' && name.includes('\\'))) {
    throw new Error(`invalid plugin name: ${name}`)
  }
  if (path.length === 0) throw new Error('no paths provided')
  for (const directory of path) {
    for (const suffix of suffixes) {
      const file = join(directory, name + suffix)
      if (isRegularFile(file)) return file
    }
  }
  throw new Error(`failed to find plugin ${quote(name)} in path [${path.join(' ')}]`)
}

function isRegularFile(path: string): boolean {
  try {
    return statSync(path).isFile()
  } catch {
    return false
  }
}
