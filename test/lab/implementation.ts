import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** A directory of plugins. */
export interface Implementation {
  readonly name: 'patchbay' | 'reference'
  readonly directory: string
}

const root = fileURLToPath(new URL('../../../', import.meta.url))

/** The executables that the build makes. */
export const patchbay: Implementation = { name: 'patchbay', directory: join(root, 'dist', 'cni', 'bin') }

/** The plugins to compare with: version 1.9.1 of the Go plugins; `undefined` when the machine has none. */
export const reference: Implementation | undefined = findReference()

/** For tests that compare: `false`, or why they cannot run. */
export const withoutReference: string | false = reference ? false : 'no reference plugins: set PATCHBAY_REFERENCE'

function findReference(): Implementation | undefined {
  // `npm test` sets it, to a folder whose plugins are new enough to compare with.
  const directory = process.env['PATCHBAY_REFERENCE']
  return directory && existsSync(join(directory, 'bridge')) ? { name: 'reference', directory } : undefined
}
