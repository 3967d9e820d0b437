import { closeSync, constants, readSync, writeSync } from 'node:fs'
import { checked, native } from '../sys/index.ts'
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
 * @throws SystemError `ENOENT` when there is none of that name
 */
export function readSysctl(netns: Namespace | undefined, name: string): string {
  const fd = open(netns, name, constants.O_RDONLY)
  try {
    const buffer = Buffer.allocUnsafe(4096)
    const text = buffer.toString('utf8', 0, readSync(fd, buffer, 0, buffer.length, null))
    return text.endsWith('\n') ? text.slice(0, -1) : text
  } finally {
    closeSync(fd)
  }
}

/**
 * Writes a sysctl in a namespace; `undefined` is this process's own.
 *
 * @throws SystemError `ENOENT` when there is none of that name, `EACCES` when it cannot be written
 */
export function writeSysctl(netns: Namespace | undefined, name: string, value: string): void {
  const fd = open(netns, name, constants.O_WRONLY)
  try {
    writeSync(fd, value)
  } finally {
    closeSync(fd)
  }
}

function open(netns: Namespace | undefined, name: string, flags: number): number {
  const path = `/proc/sys/${sysctlPath(name)}`
  return checked('open', native().openIn(netns?.fd ?? -1, path, flags), path)
}
