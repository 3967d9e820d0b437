import { callError, checkedCalls, native, netnsFd } from '../sys/index.ts'
import type { Namespace } from './namespace.ts'

/**
 * The path of a sysctl below `/proc/sys`. In dotted form a slash stands for a dot of an interface's name:
 * `net.ipv4.conf.eth0/1.forwarding` is `net/ipv4/conf/eth0.1/forwarding`; a name with a slash first is a path already.
 */
export function sysctlPath(name: string): string {
  const dot = name.indexOf('.')
  const slash = name.indexOf('/')
  if (dot < 0 || (slash >= 0 && slash < dot)) return name
  return name.replace(/[./]/g, (character) => (character === '.' ? '/' : '.'))
}

/**
 * Reads a sysctl as a namespace has it; `undefined` is this process's own.
 *
 * @returns its text without the newline at its end
 * @throws SystemError `ENOENT` when no sysctl has that name
 */
export function readSysctl(netns: Namespace | undefined, name: string): string {
  const path = pathOf(name)
  const text = native().readIn(netnsFd(netns), path)
  if (typeof text === 'number') throw callError(['open', 'read'], text, path)
  return text.endsWith('\n') ? text.slice(0, -1) : text
}

/**
 * Writes a sysctl in a namespace; `undefined` is this process's own.
 *
 * @throws SystemError `ENOENT` when no sysctl has that name, `EACCES` when it cannot be written, `EINVAL` and the like
 *   when the kernel does not take the value
 */
export function writeSysctl(netns: Namespace | undefined, name: string, value: string): void {
  const path = pathOf(name)
  checkedCalls(['open', 'write'], native().writeIn(netnsFd(netns), path, value), path)
}

function pathOf(name: string): string {
  return `/proc/sys/${sysctlPath(name)}`
}
