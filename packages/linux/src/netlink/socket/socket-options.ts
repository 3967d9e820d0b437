import type { BackgroundWork } from './background-work.ts'

/** Something that is a network namespace: its descriptor is what counts. */
export interface NamespaceHandle {
  readonly fd: number
  /** Whether it is known to be this process's own. */
  readonly isCurrent?: boolean | undefined
}

export interface SocketOptions {
  /** The namespace the socket belongs to for all its life; this process's own when absent. */
  netns?: NamespaceHandle | undefined
  /** Multicast groups to receive, `RTNLGRP_*` and the like. */
  groups?: readonly number[] | undefined
  /** Whether requests run on the thread pool, so that the event loop goes on while the kernel holds a lock. */
  offThread?: boolean | undefined
  /** Whether the kernel may take long to close the socket, so that nobody should wait for it. */
  closesSlowly?: boolean | undefined
  /** Who does what nobody waits for; threads of this process when absent. */
  background?: BackgroundWork | undefined
}
