import { systemError } from './host.ts'

/** The event loop: timers, descriptors and signals that are waited for, and what other threads have finished. */

/** `<poll.h>` */
const POLLIN = 1
const POLLOUT = 4

const EINTR = 4

interface Watch {
  readonly fd: number
  readonly events: number
  readonly ready: () => void
}

/** What `setTimeout` gives. */
export class Timeout {
  readonly due: number
  readonly run: () => void
  #keepsAlive = true

  constructor(due: number, run: () => void) {
    this.due = due
    this.run = run
  }

  ref(): this {
    this.#keepsAlive = true
    return this
  }

  unref(): this {
    this.#keepsAlive = false
    return this
  }

  hasRef(): boolean {
    return this.#keepsAlive
  }
}

const timers = new Set<Timeout>()
const watches = new Set<Watch>()
const signals = new Map<number, () => void>()
/** Watches whose descriptors were ready when this was last looked at. */
let ready: Watch[] = []
/** What keeps the process alive besides timers and watches. */
let holds = 0

export function setTimeout<A extends unknown[]>(run: (...args: A) => void, milliseconds = 0, ...args: A): Timeout {
  const timer = new Timeout(host.now() + Math.max(1, milliseconds || 0), () => run(...args))
  timers.add(timer)
  return timer
}

export function clearTimeout(timer: Timeout | undefined): void {
  if (timer) timers.delete(timer)
}

/** Calls `onReadable` each time the descriptor can be read, until the function that it returns is called. */
export function watch(fd: number, onReadable: () => void): () => void {
  return watchFor({ fd, events: POLLIN, ready: onReadable })
}

/** As {@link watch}, for a descriptor that can be written. */
export function watchWritable(fd: number, onWritable: () => void): () => void {
  return watchFor({ fd, events: POLLOUT, ready: onWritable })
}

function watchFor(entry: Watch): () => void {
  watches.add(entry)
  return () => watches.delete(entry)
}

/** Keeps the process alive until the function that it returns is called. */
export function hold(): () => void {
  holds++
  return () => {
    holds--
  }
}

/** Calls `listener` when the signal has come; one that is caught `once` does what it does by default from then on. */
export function catchSignal(signal: number, listener: () => void, { once = false } = {}): void {
  signals.set(signal, listener)
  host.catchSignal(signal, once ? 2 : 1)
}

/** Gives a signal back what it does by default. */
export function releaseSignal(signal: number): void {
  if (signals.delete(signal)) host.catchSignal(signal, 0)
}

/**
 * What the host calls until it answers false: lets one thing happen, so that the promises that it settles go on before
 * the next; when nothing is ready, waits until something is.
 */
export function turn(): boolean {
  if (host.complete() || deliverSignal() || runReady() || runDueTimer()) return true
  const waits = holds > 0 || watches.size > 0 || host.workUnderWay() || [...timers].some((timer) => timer.hasRef())
  if (waits) wait()
  return waits
}

function deliverSignal(): boolean {
  for (const [signal, listener] of signals) {
    if (!host.caughtSignal(signal)) continue
    listener()
    return true
  }
  return false
}

function runReady(): boolean {
  const next = ready.shift()
  if (next === undefined) return false
  if (watches.has(next)) next.ready()
  return true
}

function runDueTimer(): boolean {
  const timer = nextTimer()
  if (timer === undefined || timer.due > host.now()) return false
  timers.delete(timer)
  timer.run()
  return true
}

function nextTimer(): Timeout | undefined {
  let next: Timeout | undefined
  for (const timer of timers) if (next === undefined || timer.due < next.due) next = timer
  return next
}

/** How often in a row the kernel may have no memory to wait with. */
const MOST_FAILURES = 1000
let failures = 0

/** `struct pollfd`: descriptor, what is waited for, what is there. */
function wait(): void {
  const woken: Watch = { fd: host.wake, events: POLLIN, ready: drainWake }
  const waiting = [woken, ...watches]
  const bytes = new Uint8Array(8 * waiting.length)
  const view = new DataView(bytes.buffer)
  for (const [index, { fd, events }] of waiting.entries()) {
    view.setInt32(8 * index, fd, true)
    view.setInt16(8 * index + 4, events, true)
  }
  const result = host.system['ppoll']?.(bytes, waiting.length, timeLeft(), null, 0) ?? 0
  failures = result < 0 && result !== -EINTR ? failures + 1 : 0
  // Thrown from here, an error reaches no plugin: it would end the call without an answer, and without undoing anything.
  if (failures > MOST_FAILURES) throw systemError(-result, { syscall: 'poll' })
  if (result <= 0) return
  const answered = waiting.filter((_, index) => view.getInt16(8 * index + 6, true) !== 0)
  if (answered[0] === woken) woken.ready()
  ready = answered.filter((entry) => entry !== woken)
}

/** That it woke is all there is to know. */
function drainWake(): void {
  host.system['read']?.(host.wake, new Uint8Array(8), 8)
}

/** Until the next timer is due, as a `struct timespec`; NULL waits for ever. */
function timeLeft(): Uint8Array | null {
  const next = nextTimer()
  if (next === undefined) return null
  const rest = Math.max(0, next.due - host.now())
  const bytes = new Uint8Array(16)
  const view = new DataView(bytes.buffer)
  view.setBigInt64(0, BigInt(Math.floor(rest / 1000)), true)
  view.setBigInt64(8, BigInt(Math.floor((rest % 1000) * 1e6)), true)
  return bytes
}
