import { existsSync, mkdirSync, readFileSync, rmdirSync } from 'node:fs'
import { join } from 'node:path'

/** Where control groups that count memory are made, and what their files are called: version 1, version 2. */
const hierarchies = [
  { root: '/sys/fs/cgroup/memory', peak: 'memory.max_usage_in_bytes', now: 'memory.usage_in_bytes' },
  { root: '/sys/fs/cgroup', peak: 'memory.peak', now: 'memory.current' },
] as const

const MEBIBYTE = 2 ** 20

/**
 * A memory control group: the kernel's own count of what all processes in it take together, at any moment. Memory that
 * was read from a file before, as the code of a program that ran already, is not counted.
 */
export class MemoryGroup {
  readonly #folder: string
  readonly #files: { readonly peak: string; readonly now: string }

  private constructor(folder: string, files: { readonly peak: string; readonly now: string }) {
    this.#folder = folder
    this.#files = files
  }

  /** `undefined` where no such group can be made: not root, no memory controller, or a kernel older than Linux 5.19. */
  static create(name: string): MemoryGroup | undefined {
    for (const { root, ...files } of hierarchies) {
      const folder = join(root, name)
      if (!isMade(folder)) continue
      if (existsSync(join(folder, files.peak))) return new MemoryGroup(folder, files)
      rmdirSync(folder)
    }
    return undefined
  }

  /** A process joins by writing its number to this file; what it starts afterwards belongs to the group as well. */
  get processes(): string {
    return join(this.#folder, 'cgroup.procs')
  }

  /**
   * MiB that the processes took at most, without what stays after they have ended: links and files that they made.
   * Ask when they have.
   */
  get peak(): number {
    const { peak, now } = this.#files
    return (this.#read(peak) - this.#read(now)) / MEBIBYTE
  }

  /** Removes it as soon as its last process has ended; gives up after 10 s. */
  async remove(): Promise<void> {
    for (let waited = 0; waited < 10_000; waited += 50) {
      try {
        return rmdirSync(this.#folder)
      } catch {
        await new Promise((resolve) => setTimeout(resolve, 50))
      }
    }
  }

  #read(file: string): number {
    return Number(readFileSync(join(this.#folder, file), 'utf8'))
  }
}

function isMade(folder: string): boolean {
  try {
    mkdirSync(folder)
    return true
  } catch {
    return false
  }
}
