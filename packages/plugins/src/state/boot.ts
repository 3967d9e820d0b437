import { readFileSync } from 'node:fs'
import { uptime } from 'node:os'

/** A run of the kernel. */
export interface Boot {
  /** Different for every boot. */
  readonly id: string
  /** When it began, in milliseconds since 1970. */
  began(): number
}

let present: Boot | undefined

/** The present run, proc_sys_kernel(5) `random/boot_id`; `undefined` if the kernel does not tell it. */
export function currentBoot(): Boot | undefined {
  // No process outlives its boot, so the answer stays valid.
  present ??= readBoot()
  return present
}

function readBoot(): Boot | undefined {
  try {
    const id = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
    return { id, began: () => Date.now() - uptime() * 1000 }
  } catch {
    return undefined
  }
}
