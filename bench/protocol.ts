import type { Chain } from './cases.ts'
import type { Attachable } from './first-packet.ts'

/** One way of running plugins: whose, and how. */
export interface LaneOptions {
  readonly name: string
  /** Holds the plugins. */
  readonly directory: string
  /** Names of all files there. */
  readonly plugins: readonly string[]
  /** Whether these are this project's. */
  readonly own: boolean
  /** Who serves them: each its own process, a daemon, or this one process with all code warm: what nothing can beat. */
  readonly served: 'by themselves' | 'by a daemon' | 'in one process'
  /** Lists besides those that the bench brings. */
  readonly lists: readonly Chain[]
  /** Works for another process of the lane, in its namespaces and with its daemon; counts containers from here. */
  readonly from?: number
}

/** What a lane is asked to do; it answers each with one line of JSON. */
export type Order =
  | { readonly do: 'once'; readonly chain: string }
  /** Attaches a container, asks whether all of it is there, and detaches it. */
  | { readonly do: 'check'; readonly chain: string }
  /** Asks all plugins of the list whether they can attach containers. */
  | { readonly do: 'status'; readonly chain: string }
  /** Detaches a container, and attaches the same or another at once. */
  | { readonly do: 'replace'; readonly chain: string; readonly container: 'same' | 'another' }
  /** The memory of the largest process of a call. */
  | { readonly do: 'call memory'; readonly chain: string }
  | { readonly do: 'parallel'; readonly chain: string; readonly width: number; readonly count: number }
  /** Attaches so many containers one right after the other, then detaches them so. */
  | { readonly do: 'in a row'; readonly chain: string; readonly count: number }
  /** Attaches so many containers; then so many workers detach them and remove their network namespaces. */
  | { readonly do: 'drain'; readonly chain: string; readonly width: number; readonly count: number }
  /** Attaches so many containers, and has those that are stale collected. */
  | { readonly do: 'collect'; readonly chain: string; readonly count: number; readonly stale: number }
  /** Attaches a container, and waits for the first answer from beyond its gateway. */
  | { readonly do: 'first packet'; readonly to: Attachable; readonly version: 4 | 6 }
  /** Attaches containers until there are so many; they stay for the rest of the run. */
  | { readonly do: 'attach'; readonly chain: string; readonly count: number }
  /** Leases so many addresses to others, instead of those that it leased before. */
  | { readonly do: 'leases'; readonly count: number }
  | { readonly do: 'storm'; readonly count: number }
  /** How much goes through a container that is attached last, for so many seconds each way. */
  | { readonly do: 'data path'; readonly chain: string; readonly seconds: number }
  | { readonly do: 'empty process' }
  | { readonly do: 'version'; readonly plugin: string }
  | { readonly do: 'memory' }

/**
 * Milliseconds by command: of one call, or of all when they ran side by side. Under a name that ends in "MiB": memory; in
 * "/s": what went through in a second.
 */
export type Times = Readonly<Record<string, number>>

/** What a lane answers. */
export type Answer = { readonly times: Times } | { readonly error: string }
