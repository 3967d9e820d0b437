import { readFileSync } from 'node:fs'
import { errno, native } from '@patchbay/linux/sys'

/** Whether this kernel cannot tell by a connection about the process that made it. */
let isOldKernel: boolean | undefined

/**
 * Makes sure that what is found in /proc under the number of a caller is about the process that connected: a connection
 * can outlive that process, in a child that has inherited it, and the number may be another's then.
 */
export class CallerIdentity {
  readonly #socket: () => number
  /** When the process of the number began, as it was when the connection was accepted; for kernels before 6.5. */
  readonly #start: string | undefined = undefined

  /**
   * To be made when the connection is accepted.
   *
   * @param socket gives the descriptor of the connection; negative once that is closed
   */
  constructor(socket: () => number) {
    this.#socket = socket
    isOldKernel ??= native().peerIsAlive(socket()) === -errno.ENOPROTOOPT
    if (isOldKernel) this.#start = startOf(this.#pid)
  }

  /** Whether the process that connected has been there all the time. */
  isUnchanged(): boolean {
    if (!isOldKernel) return native().peerIsAlive(this.#socket()) === 1
    return this.#start !== undefined && this.#start === startOf(this.#pid)
  }

  get #pid(): number {
    const credentials = native().peerCredentials(this.#socket())
    return typeof credentials === 'number' ? 0 : credentials[0]
  }
}

/** In clock ticks since the machine began, proc_pid_stat(5); `undefined` when there is no such process. */
function startOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    // The name of the program, in parentheses, may be anything.
    return stat.slice(stat.lastIndexOf(')')).split(' ')[20]
  } catch {
    return undefined
  }
}
