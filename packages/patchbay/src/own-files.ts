import { readFileSync, type Stats, statSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** The file that plugins are links to, beside the executable. */
export const shimName = 'patchbay-shim'

/**
 * Tells whether a file that was found for a plugin is ours: the executable itself, or the shim that belongs to it, be it
 * a copy somewhere else.
 */
export function ownFiles(executable: string): (path: string) => boolean {
  const shim = join(dirname(executable), shimName)
  const [own, beside] = [statusOf(executable), statusOf(shim)]
  /** Answers by what tells files apart in every state that they had. */
  const known = new Map<string, boolean>()
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

/** What cannot be looked at is nobody's. */
function statusOf(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false })
  } catch {
    return undefined
  }
}

function isSameFile(a: Stats, b: Stats): boolean {
  return a.dev === b.dev && a.ino === b.ino
}
