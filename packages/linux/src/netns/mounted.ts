import { readFileSync, statSync } from 'node:fs'
import { checkedFileCall } from '../sys/index.ts'

/** A network namespace in `/proc/self/mountinfo`, proc_pid_mountinfo(5): its inode is in the field of the root, its path follows. */
const MOUNT = /^\d+ \d+ [\d:]+ net:\[(\d+)\] (\S+) /gm

/**
 * A path to each network namespace that is mounted where this process sees it, in no order. One that only a process or a
 * descriptor holds has no such path.
 *
 * @throws SystemError `ENOENT` when `/proc` is not mounted
 */
export function listMountedNamespaces(): string[] {
  const paths = new Map<string, string>()
  const mounts = checkedFileCall(() => readFileSync('/proc/self/mountinfo', 'utf8'))
  for (const [, inode = '', escaped = ''] of mounts.matchAll(MOUNT)) {
    const path = unescapeMountPoint(escaped)
    // Another mount may cover this one.
    if (!paths.has(inode) && isAt(path, inode)) paths.set(inode, path)
  }
  return [...paths.values()]
}

/** The kernel writes white space and backslashes as three octal digits. */
function unescapeMountPoint(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)))
}

function isAt(path: string, inode: string): boolean {
  try {
    return String(statSync(path).ino) === inode
  } catch {
    return false
  }
}
