import { readFileSync, type Stats } from 'node:fs'
import { dirname, join } from 'node:path'
import { statusOf } from './file-status.ts'
import { Recent } from './recent.ts'

/** The file that plugins are links to, beside the executable. */
export const shimName = 'patchbay-shim'

/** Other files of the shim's size: copies of it, and very few that only happen to be as large. */
const REMEMBERED_FILES = 256

/**
 * Tells whether a file that was found for a plugin is ours: the executable itself, or the shim that belongs to it, be it
 * a copy somewhere else.
 */
export function ownFiles(executable: string): (path: string) => boolean {
  const shim = join(dirname(executable), shimName)
  const [own, beside] = [statusOf(executable), statusOf(shim)]
  /** Answers by what tells files apart in every state that they had. */
  const known = new Recent<string, boolean>(REMEMBERED_FILES)
  return (path) => {
    const found = statusOf(path)
    if (found === undefined) return false
    if ((own && isSameFile(found, own)) || (beside && isSameFile(found, beside))) return true
    if (beside === undefined || found.size !== beside.size) return false
    const state = `${found.dev}:${found.ino}:${found.mtimeMs}:${found.ctimeMs}`
    const answer = known.get(state) ?? readFileSync(path).equals(readFileSync(shim))
    known.set(state, answer)
    return answer
  }
}

function isSameFile(a: Stats, b: Stats): boolean {
  return a.dev === b.dev && a.ino === b.ino
}
