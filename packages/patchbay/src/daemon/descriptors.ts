import { readdirSync, readFileSync } from 'node:fs'

/** Descriptors that a call has open at most: 19 when a chain that uses iptables is detached; and the namespace of its caller. */
const PER_CALL = 24

/** A connection, and the namespace that its caller is in. */
const PER_CONNECTION = 2

/** Deletions that go on after their calls: up to 16 requests with two sockets each, and sockets of nf_tables that end slowly. */
const FOR_DELETIONS = 48

/** What the process opens once it serves: the socket it listens on with its lock, and what the runtime keeps. */
const FOR_ITSELF = 8

/** Connections beyond the limit, for those who ask what the daemon does. */
const FOR_STATUS = 16

/** How much a daemon takes on at once. */
export interface Capacity {
  /** Calls that run; 0 when there are too few descriptors for one. */
  readonly concurrency: number
  /** Callers that are connected. */
  readonly connections: number
  /** Connections beyond those, for clients that ask what the daemon does. */
  readonly forStatus: number
}

/**
 * How much of what is wanted a process can do that may open `spare` descriptors more. Calls get three quarters at most:
 * those that wait for their turn are connected, too.
 */
export function capacityWith(spare: number, wanted: Omit<Capacity, 'forStatus'>): Capacity {
  const free = spare - FOR_ITSELF
  const forCalls = free - FOR_DELETIONS - FOR_STATUS
  if (forCalls < PER_CALL + PER_CONNECTION)
    return { concurrency: 0, connections: 0, forStatus: Math.min(Math.max(free, 1), FOR_STATUS) }
  const concurrency = Math.min(wanted.concurrency, Math.max(Math.floor((0.75 * forCalls) / PER_CALL), 1))
  const left = Math.floor((forCalls - concurrency * PER_CALL) / PER_CONNECTION)
  return { concurrency, connections: Math.min(wanted.connections, left), forStatus: FOR_STATUS }
}

/** Says that less is served than wanted; `undefined` when that is not so. */
export function shortage(capacity: Capacity, wanted: Omit<Capacity, 'forStatus'>): string | undefined {
  const { concurrency, connections } = capacity
  if (concurrency === wanted.concurrency && connections === wanted.connections) return undefined
  const what = concurrency === 0 ? 'any call' : `more than ${concurrency} calls of ${connections} callers at once`
  return `Cannot serve ${what}: the limit on open files is too low; raise it (ulimit -n, LimitNOFILE=)`
}

/** How many descriptors more this process may open: `RLIMIT_NOFILE`, getrlimit(2), less those that are open. */
export function spareDescriptors(): number {
  const limit = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'latin1'))?.[1]
  // The list itself is read by one.
  return limit === undefined ? Number.POSITIVE_INFINITY : Number(limit) - (readdirSync('/proc/self/fd').length - 1)
}
