import { statSync } from 'node:fs'
import { join } from 'node:path'
import { PluginNotFoundError } from '../types/index.ts'

const suffixes = process.platform === 'win32' ? ['.exe', ''] : ['']

/**
 * Returns the path of the plugin `name`: the first directory of `path` wins in which it is a regular file, or a
 * link to one. Whether it may be executed is not looked at. Rejects with PluginNotFoundError when it is nowhere.
 */
export async function findInPath(name: string, path: readonly string[]): Promise<string> {
  const refusal = (message: string) => new PluginNotFoundError(name, path, { message })
  if (name === '') throw refusal('no plugin name provided')
  if (name.includes('/') || (process.platform === 'win32' && name.includes('\\'))) {
    throw refusal(`invalid plugin name: ${name}`)
  }
  if (path.length === 0) throw refusal('no paths provided')
  for (const directory of path) {
    for (const suffix of suffixes) {
      const file = join(directory, name + suffix)
      if (isRegularFile(file)) return file
    }
  }
  throw new PluginNotFoundError(name, path)
}

function isRegularFile(path: string): boolean {
  try {
    return statSync(path).isFile()
  } catch {
    return false
  }
}
