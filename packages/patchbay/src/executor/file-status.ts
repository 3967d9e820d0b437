import { type Stats, statSync } from 'node:fs'

/** What the system says of a file; `undefined` for one that cannot be looked at, in Node and in Bun. */
export function statusOf(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false })
  } catch {
    return undefined
  }
}

/** Whether a path leads to a directory that can be looked at. */
export function isDirectory(path: string): boolean {
  return statusOf(path)?.isDirectory() ?? false
}
