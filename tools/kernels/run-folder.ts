import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'

/** `run-PID-START-XXXXXX`: the process that made it, and when that began, by the kernel's clock. */
const runFolder = /^run-(\d+)-(\d+)-/

/**
 * Makes a folder for the files of a virtual machine in `dist/kernels`, and removes those of runs that were killed.
 *
 * @param root of the checkout
 */
export function makeRunFolder(root: string): string {
  const scratch = join(root, 'dist', 'kernels')
  mkdirSync(scratch, { recursive: true })
  removeAbandoned(scratch)
  return mkdtempSync(join(scratch, `run-${process.pid}-${beginningOf(process.pid)}-`))
}

function removeAbandoned(scratch: string): void {
  for (const name of readdirSync(scratch)) {
    const [, pid, beginning] = runFolder.exec(name) ?? []
    if (pid !== undefined && beginningOf(Number(pid)) !== beginning)
      rmSync(join(scratch, name), { recursive: true, force: true })
  }
}

/** When a process began, proc_pid_stat(5): a number is given again, but not with this. `undefined` when it has ended. */
function beginningOf(pid: number): string | undefined {
  const file = `/proc/${pid}/stat`
  if (!existsSync(file)) return undefined
  try {
    // The second field, which is in brackets, may have spaces; the time is field 22.
    return readFileSync(file, 'utf8')
      .replace(/^.*\) /, '')
      .split(' ')[19]
  } catch {
    return undefined
  }
}
