import type { JsonValue, QuickReading } from '@patchbay/cni/json'
import { errnoName, type Native } from '@patchbay/linux/sys'

/** What the native host gives: the kernel, the addon's functions, and how it is told what to do. */
export interface Host {
  /** System calls by name; a negative answer is a negated errno. Texts are passed as C strings, `null` as NULL. */
  readonly system: Readonly<Record<string, (...args: readonly (number | string | Uint8Array | null)[]) => number>>
  /** Starts a process. Returns its id or a negated errno. */
  spawn(
    path: string,
    args: readonly string[],
    env: readonly string[],
    stdio: readonly number[],
    ownSession: boolean,
  ): number
  readonly addon: Native
  /** As Node names it: `x64`. */
  readonly architecture: string
  readonly arguments: readonly string[]
  /** `NAME=value` each. */
  readonly environment: readonly string[]
  /** Descriptor that is readable when work on other threads is done, or a signal was caught; -1 when there was none left. */
  readonly wake: number
  /** Calls what waits for one piece of finished work; false when no work has finished. */
  complete(): boolean
  /** Whether there is work on other threads. */
  workUnderWay(): boolean
  /** Milliseconds of a clock, `<linux/time.h>`: one that only goes forward by default. */
  now(clock?: number): number
  /** SHA-256 with words of 4 bytes, SHA-512 with words of 8. */
  hash(width: 4 | 8, bytes: Uint8Array): ArrayBuffer
  /** What a signal does from now on: 0 the default, 1 it is noted, 2 it is noted once and then the default. */
  catchSignal(signal: number, how: 0 | 1 | 2): number
  /** Whether a signal has come since this was last asked. */
  caughtSignal(signal: number): boolean
  /** UTF-8 to text, and back, as the Encoding Standard has them. */
  decode(bytes: Uint8Array): string
  encode(text: string): ArrayBuffer
  /** Reads a JSON document. */
  readJson(text: string, reading: QuickReading): JsonValue
  /** Runs a module of the program. */
  load(name: string): void
  /** What the module that was loaded last exports. */
  loaded: object | undefined
  /** What `import()` is made of by the build. */
  import: (name: string) => Promise<object | undefined>
  /** Called by the host once: all that was run before may have been run when the executable was made. */
  main: () => void
  /** Called by the host again and again; false ends the process. */
  turn: () => boolean
  /** Exit status. */
  status: number
}

declare global {
  var host: Host
}

/** Calls the kernel. Throws what Node throws: an Error with `errno`, `code`, `syscall` and `path`. */
export function system(
  name: string,
  args: readonly (number | string | Uint8Array | null)[],
  about: { syscall?: string; path?: string; dest?: string } = {},
): number {
  const call = host.system[name]
  if (call === undefined) throw new TypeError(`Cannot call "${name}": the host does not offer it`)
  const result = call(...args)
  if (result < 0) throw systemError(-result, { syscall: name, ...about })
  return result
}

/** The error that Node throws for a system call. */
export function systemError(
  errno: number,
  { syscall, path, dest }: { syscall: string; path?: string; dest?: string },
): Error & { code: string } {
  const code = errnoName(errno)
  const where = `${path === undefined ? '' : ` '${path}'`}${dest === undefined ? '' : ` -> '${dest}'`}`
  const error = new Error(`${code}: ${textOf(code, errno)}, ${syscall}${where}`)
  return Object.assign(error, {
    errno: -errno,
    code,
    syscall,
    ...(path !== undefined && { path }),
    ...(dest !== undefined && { dest }),
  })
}

/** The error that Node throws where it says no more than the call and the code. */
export function errnoError(errno: number, syscall: string): Error & { code: string } {
  const code = errnoName(errno)
  return Object.assign(new Error(`${syscall} ${code}`), { errno: -errno, code, syscall })
}

/** Where libuv has words of its own, which Node prints. */
const ownTexts: Readonly<Record<string, string>> = {
  EBUSY: 'resource busy or locked',
  EEXIST: 'file already exists',
  EIO: 'i/o error',
  EISDIR: 'illegal operation on a directory',
  ELOOP: 'too many symbolic links encountered',
  ENAMETOOLONG: 'name too long',
  EXDEV: 'cross-device link not permitted',
}

function textOf(code: string, errno: number): string {
  return ownTexts[code] ?? host.addon.strerror(errno).toLowerCase()
}
