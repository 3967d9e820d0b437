import { AbortController, AbortSignal } from './abort.ts'
import { Buffer } from './buffer.ts'
import { system } from './host.ts'
import { clearTimeout, setTimeout, turn } from './loop.ts'
import { process } from './process.ts'
import { TextDecoder, TextEncoder } from './text-coding.ts'

/** Puts in place what programs for Node take for granted and the engine does not have. Run before all else. */

/** Errors with a cause: the engine is from before ES2022. The options are the last parameter, after so many others. */
function withCause(Native: ErrorConstructor, others: number): ErrorConstructor {
  const Wrapped = function (this: unknown, ...args: unknown[]) {
    const error = Reflect.construct(Native, args.slice(0, others), new.target ?? Wrapped)
    const options = args[others]
    if (typeof options === 'object' && options !== null && 'cause' in options)
      Object.defineProperty(error, 'cause', { value: options.cause, writable: true, configurable: true })
    return error
  }
  Wrapped.prototype = Native.prototype
  Object.defineProperty(Native.prototype, 'constructor', { value: Wrapped, writable: true, configurable: true })
  Object.defineProperty(Wrapped, 'name', { value: Native.name })
  return Wrapped as unknown as ErrorConstructor
}

/** `Crypto.getRandomValues`: fills a typed array, from the kernel. */
function getRandomValues<T extends Uint8Array | Uint16Array | Uint32Array>(array: T): T {
  const bytes = new Uint8Array(array.buffer, array.byteOffset, array.byteLength)
  for (let at = 0; at < bytes.length; ) at += system('getrandom', [bytes.subarray(at), bytes.length - at, 0])
  return array
}

/** `Atomics.wait` on memory that nobody shares: a pause. */
function sleep(_array: unknown, _index: number, _value: number, milliseconds: number): 'timed-out' {
  const time = new BigInt64Array([BigInt(Math.floor(milliseconds / 1000)), BigInt((milliseconds % 1000) * 1e6)])
  host.system['ppoll']?.(null, 0, new Uint8Array(time.buffer), null, 0)
  return 'timed-out'
}

function define(target: object, functions: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(functions)) {
    if (!hasOwn(target, name)) Object.defineProperty(target, name, { value, writable: true, configurable: true })
  }
}

function at<T>(this: ArrayLike<T>, index: number): T | undefined {
  return this[index < 0 ? this.length + index : index]
}

function findLastIndex<T>(this: ArrayLike<T>, test: (value: T, index: number) => boolean): number {
  for (let index = this.length - 1; index >= 0; index--) if (test(this[index] as T, index)) return index
  return -1
}

function toWellFormed(this: string): string {
  return String(this).replace(/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g, '\ufffd')
}

function hasOwn(target: object, key: PropertyKey): boolean {
  return Reflect.getOwnPropertyDescriptor(target, key) !== undefined
}

define(Object, { hasOwn })
for (const prototype of [Array.prototype, String.prototype, Object.getPrototypeOf(Uint8Array.prototype)])
  define(prototype, { at })
define(Array.prototype, {
  findLastIndex,
  findLast<T>(this: T[], test: (value: T, index: number) => boolean): T | undefined {
    return this[findLastIndex.call(this, test as never)]
  },
  toSorted<T>(this: T[], compare?: (a: T, b: T) => number): T[] {
    return [...this].sort(compare)
  },
  toReversed<T>(this: T[]): T[] {
    return [...this].reverse()
  },
})
define(String.prototype, {
  toWellFormed,
  isWellFormed(this: string): boolean {
    return toWellFormed.call(this) === String(this)
  },
})

const natives: Readonly<Record<string, unknown>> = { Error, TypeError, RangeError, SyntaxError, AggregateError }
for (const [name, Native] of Object.entries(natives)) {
  const value = withCause(Native as ErrorConstructor, name === 'AggregateError' ? 2 : 1)
  Object.defineProperty(globalThis, name, { value, writable: true, configurable: true })
}

function print(...values: readonly unknown[]): void {
  process.stderr.write(`${values.map(String).join(' ')}\n`)
}

// The engine's own begin at the same place in every process.
Math.random = () => (getRandomValues(new Uint32Array(1))[0] ?? 0) / 2 ** 32
Object.defineProperty(globalThis, 'Atomics', { value: { wait: sleep }, configurable: true })
Object.defineProperty(globalThis, 'SharedArrayBuffer', { value: ArrayBuffer, configurable: true })
define(globalThis, {
  crypto: { getRandomValues },
  AbortController,
  AbortSignal,
  Buffer,
  process,
  TextDecoder,
  TextEncoder,
  setTimeout,
  clearTimeout,
  setImmediate: (run: () => void) => setTimeout(run, 0),
  queueMicrotask: (run: () => void) => void Promise.resolve().then(run),
  performance: { now: () => host.now() },
  console: { log: print, info: print, debug: print, warn: print, error: print },
})
host.turn = turn

const imported = new Map<string, object | undefined>()

host.import = async (name) => {
  if (!imported.has(name)) {
    host.load(`load-${name}`)
    imported.set(name, host.loaded)
  }
  return imported.get(name)
}
