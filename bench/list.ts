import { readFileSync } from 'node:fs'
import { networkListFromBytes } from '@patchbay/cni/config'
import type { Chain } from './cases.ts'

/** The list of plugins in a file, as libcni reads it. Throws Error that names the file. */
export function chainFromFile(path: string): Chain {
  try {
    const bytes = readFileSync(path, 'utf8')
    const { name, cniVersion, plugins } = networkListFromBytes(bytes)
    if (plugins.length === 0) throw new Error('it has no plugins')
    // As JavaScript knows them: the list that was checked holds numbers by their text.
    const { plugins: configurations }: Pick<Chain, 'plugins'> = JSON.parse(bytes)
    return { name, isOwn: false, cniVersion: cniVersion || '0.1.0', network: name, plugins: configurations }
  } catch (error) {
    throw new Error(`Cannot time "${path}": ${error instanceof Error ? error.message : error}`, { cause: error })
  }
}
