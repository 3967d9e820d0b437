import { callError, native, netnsFd } from '../sys/index.ts'
import type { Namespace } from './namespace.ts'

/**
 * Reads what a namespace has in `/sys/class/net/IFNAME/FILE`, whatever is mounted at `/sys`; `undefined` is this process's own
 * namespace. It mounts a file system, which takes up to some milliseconds: ask netlink first.
 *
 * @returns its text without the newline at its end
 * @throws SystemError `ENOENT` when the link or its file is missing, `EPERM` without CAP_SYS_ADMIN
 */
export function readLinkFile(netns: Namespace | undefined, ifname: string, file: string): string {
  const path = `/sys/class/net/${ifname}/${file}`
  const text = native().readIn(netnsFd(netns), path)
  if (typeof text === 'number') throw callError(['open', 'read'], text, path)
  return text.endsWith('\n') ? text.slice(0, -1) : text
}
