import { normalize } from 'node:path'
import { readSysctl, writeSysctl } from '@patchbay/linux/netns'
import type { OpenNetns } from '../../link/net-context.ts'
import { checkError, remedies } from '../../request/check-error.ts'
import type { UndoStack } from '../../request/undo-stack.ts'

/** A sysctl of a container's network, by its path below `/proc/sys`. */
export interface NetSysctl {
  readonly path: string
  readonly value: string
}

/**
 * The sysctls that keys name: dots are slashes, and `IFNAME` is the name of the container's interface.
 *
 * @throws RangeError `invalid net sysctl key: "kernel/x"` for one outside of `net`
 */
export function netSysctls(pairs: readonly (readonly [key: string, value: string])[], ifName: string): NetSysctl[] {
  return pairs.map(([key, value]) => {
    // A name may have a `$`, which a replacement text would not keep.
    const name = key.replaceAll('.', '/').replace('IFNAME', () => ifName)
    const path = normalize(name).replace(/^\/+/, '')
    if (!path.startsWith('net/')) throw new RangeError(`invalid net sysctl key: "${name}"`)
    return { path, value }
  })
}

/**
 * Sets sysctls of a container's network, in order, and has `undo` set them back.
 *
 * @throws SystemError naming the file
 */
export function setSysctls(container: OpenNetns, sysctls: readonly NetSysctl[], undo: UndoStack): void {
  for (const { path, value } of sysctls) {
    const before = tryRead(container, path)
    writeSysctl(container.netns, path, value)
    if (before !== undefined) undo.push(`set sysctl "${path}"`, () => writeSysctl(container.netns, path, before))
  }
}

/** Some can only be written: those that flush something. */
function tryRead(container: OpenNetns, path: string): string | undefined {
  try {
    return readSysctl(container.netns, path)
  } catch {
    return undefined
  }
}

/** @throws Error naming the first that has another value */
export function checkSysctls(container: OpenNetns, sysctls: readonly NetSysctl[]): void {
  for (const { path, value } of sysctls) {
    const found = readSysctl(container.netns, path)
    if (found !== value)
      throw checkError(
        `Error: Tuning configured value of /proc/sys/${path} is ${value}, current value is ${found}`,
        remedies.setBack,
      )
  }
}
