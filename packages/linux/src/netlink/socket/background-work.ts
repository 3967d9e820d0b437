import { native } from '../../sys/index.ts'
import type { SocketCalls } from './socket-calls.ts'

/** The system calls of a socket that are made in the background. */
export type BackgroundCalls = Pick<SocketCalls, 'sendAsync' | 'sendFromChild' | 'closeAsync'>

/**
 * Who does what the kernel takes long over and nobody waits for: 10 to 40 ms for the end of a link, or of a packet filter's socket
 * after rules were deleted. An option of sockets; without it they use {@link threadBackground}.
 */
export interface BackgroundWork {
  /**
   * Sends a request during which the kernel does its work. Returns at once; the kernel's answer tells what became of it.
   *
   * @param calls those of the socket
   * @returns a promise that settles when the descriptor is not used any more; `undefined` when it is not used by this process
   */
  send(fd: number, request: Uint8Array, calls: BackgroundCalls): Promise<unknown> | undefined
  /** Called with each descriptor that the kernel may take long to close, when it has been opened. */
  expectSlowClose(fd: number): void
  /** Called when something has been asked for that the kernel will take long to free. */
  markSlowClose(): void
  /** Closes such a descriptor, without anyone waiting. */
  close(fd: number, calls: BackgroundCalls): void
}

/** Threads of this process, which ends when they are done. */
export const threadBackground: BackgroundWork = {
  send: (fd, request, calls) => calls.sendAsync(fd, request),
  expectSlowClose: () => {},
  markSlowClose: () => {},
  close: (fd, calls) => void calls.closeAsync(fd),
}

/** Child processes, for a program that ends as soon as it has its answers: its own threads would keep it. */
export class ForkedBackground implements BackgroundWork {
  /** What the kernel may take long to close. */
  readonly #descriptors: number[] = []
  #hasSlowClose = false

  send(fd: number, request: Uint8Array, calls: BackgroundCalls): Promise<unknown> | undefined {
    // A process that may have no child does it itself: it ends later, but what it was asked for is done.
    return calls.sendFromChild(fd, request) < 0 ? threadBackground.send(fd, request, calls) : undefined
  }

  expectSlowClose(fd: number): void {
    this.#descriptors.push(fd)
  }

  markSlowClose(): void {
    this.#hasSlowClose = true
  }

  /** Leaves it open until this process, or a child of it, ends. */
  close(): void {}

  /**
   * What the program calls last: if the kernel will take long over a descriptor, a child holds them all until this process has
   * ended, so that their end is that of the child. When no child can be had, the program's own end takes longer.
   */
  holdInChild(): void {
    if (this.#hasSlowClose) native().holdInChild(new Uint8Array(Int32Array.from(this.#descriptors).buffer))
  }
}
