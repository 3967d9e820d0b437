import { Buffer } from './buffer.ts'
import { type Dirent, direntsOf } from './dirent.ts'
import { system, systemError } from './host.ts'
import { dirname } from './path.ts'
import { BigIntStats, Stats } from './stats.ts'

export { BigIntStats, type Dirent, Stats }

/** `node:fs`: the synchronous functions that the plugins use, with Node's answers and errors. */

/** `<fcntl.h>` */
export const constants = {
  F_OK: 0,
  X_OK: 1,
  W_OK: 2,
  R_OK: 4,
  O_RDONLY: 0,
  O_WRONLY: 1,
  O_RDWR: 2,
  O_CREAT: 0o100,
  O_EXCL: 0o200,
  O_NOCTTY: 0o400,
  O_TRUNC: 0o1000,
  O_APPEND: 0o2000,
  O_NONBLOCK: 0o4000,
  O_CLOEXEC: 0o2000000,
  // These two differ from one machine to the other.
  O_DIRECTORY: host.architecture === 'arm64' ? 0o40000 : 0o200000,
  O_NOFOLLOW: host.architecture === 'arm64' ? 0o100000 : 0o400000,
} as const

const ENOENT = 2
const EEXIST = 17
const AT_FDCWD = -100
const AT_REMOVEDIR = 0x200
const AT_EMPTY_PATH = 0x1000
const STATX_BASIC_STATS = 0x7ff

const modes: Readonly<Record<string, number>> = {
  r: constants.O_RDONLY,
  'r+': constants.O_RDWR,
  w: constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC,
  'w+': constants.O_RDWR | constants.O_CREAT | constants.O_TRUNC,
  wx: constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL,
  'wx+': constants.O_RDWR | constants.O_CREAT | constants.O_EXCL,
  a: constants.O_WRONLY | constants.O_CREAT | constants.O_APPEND,
}

export function openSync(path: string, flags: string | number = 'r', mode = 0o666): number {
  const bits = typeof flags === 'number' ? flags : modes[flags]
  if (bits === undefined) throw new TypeError(`Cannot open "${path}": unknown flags "${flags}"`)
  return system('openat', [AT_FDCWD, path, bits | constants.O_CLOEXEC, mode], { syscall: 'open', path })
}

export function closeSync(fd: number): void {
  system('close', [fd])
}

type Range = number | { offset?: number; length?: number; position?: number | null } | undefined

function rangeOf(buffer: Uint8Array, range: Range, length?: number, position?: number | null) {
  const given = typeof range === 'object' ? range : { offset: range, length, position }
  const offset = given.offset ?? 0
  return { offset, length: given.length ?? buffer.length - offset, position: given.position ?? null }
}

export function readSync(fd: number, buffer: Uint8Array, offset?: Range, size?: number, at?: number | null): number {
  const { offset: from, length, position } = rangeOf(buffer, offset, size, at)
  const into = buffer.subarray(from, from + length)
  return position === null
    ? system('read', [fd, into, length])
    : system('pread64', [fd, into, length, position], { syscall: 'read' })
}

export function writeSync(
  fd: number,
  data: string | Uint8Array,
  offset?: Range,
  size?: number,
  at?: number | null,
): number {
  if (typeof data === 'string') return writeSync(fd, new Uint8Array(host.encode(data)))
  const { offset: from, length, position } = rangeOf(data, offset, size, at)
  const out = data.subarray(from, from + length)
  return position === null
    ? system('write', [fd, out, length])
    : system('pwrite64', [fd, out, length, position], { syscall: 'write' })
}

type Encoding = 'utf8' | 'utf-8' | 'latin1' | 'ascii'

export function readFileSync(path: string | number): Buffer
export function readFileSync(path: string | number, options: Encoding | { encoding: Encoding }): string
export function readFileSync(path: string | number, options?: Encoding | { encoding?: Encoding }): Buffer | string {
  const fd = typeof path === 'number' ? path : openSync(path)
  try {
    const bytes = readToEnd(fd)
    const encoding = typeof options === 'string' ? options : options?.encoding
    return encoding === undefined ? bytes : bytes.toString(encoding)
  } finally {
    if (fd !== path) closeSync(fd)
  }
}

function readToEnd(fd: number): Buffer {
  const parts: Buffer[] = []
  for (let chunk = 4096; ; chunk = Math.min(4 * chunk, 1 << 20)) {
    const part = Buffer.alloc(chunk)
    const size = readSync(fd, part)
    if (size === 0) return parts.length === 1 && parts[0] ? parts[0] : Buffer.concat(parts)
    parts.push(part.subarray(0, size) as Buffer)
  }
}

export function writeFileSync(
  path: string | number,
  data: string | Uint8Array,
  options: { mode?: number; flag?: string } | string = {},
): void {
  const { mode = 0o666, flag = 'w' } = typeof options === 'string' ? {} : options
  const fd = typeof path === 'number' ? path : openSync(path, flag, mode)
  try {
    const bytes = typeof data === 'string' ? new Uint8Array(host.encode(data)) : data
    for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes.subarray(at))
  } finally {
    if (fd !== path) closeSync(fd)
  }
}

export function accessSync(path: string, mode: number = constants.F_OK): void {
  system('faccessat', [AT_FDCWD, path, mode], { syscall: 'access', path })
}

export function existsSync(path: string): boolean {
  return typeof path === 'string' && host.system['faccessat']?.(AT_FDCWD, path, constants.F_OK) === 0
}

/** With `recursive`, the first directory that had to be made; `undefined` when there was nothing to do. */
export function mkdirSync(path: string, options: { recursive?: boolean; mode?: number } = {}): string | undefined {
  const { recursive = false, mode = 0o777 } = options
  const result = host.system['mkdirat']?.(AT_FDCWD, path, mode) ?? 0
  if (result === 0) return recursive ? path : undefined
  if (recursive && result === -EEXIST && statSync(path).isDirectory()) return undefined
  const parent = dirname(path)
  if (recursive && result === -ENOENT && parent !== path) {
    const first = mkdirSync(parent, options)
    const own = mkdirSync(path, options)
    return first ?? own
  }
  throw systemError(-result, { syscall: 'mkdir', path })
}

export function renameSync(path: string, dest: string): void {
  system('renameat2', [AT_FDCWD, path, AT_FDCWD, dest, 0], { syscall: 'rename', path, dest })
}

export function linkSync(path: string, dest: string): void {
  system('linkat', [AT_FDCWD, path, AT_FDCWD, dest, 0], { syscall: 'link', path, dest })
}

export function symlinkSync(path: string, dest: string): void {
  system('symlinkat', [path, AT_FDCWD, dest], { syscall: 'symlink', path, dest })
}

export function unlinkSync(path: string): void {
  system('unlinkat', [AT_FDCWD, path, 0], { syscall: 'unlink', path })
}

export function rmdirSync(path: string): void {
  system('unlinkat', [AT_FDCWD, path, AT_REMOVEDIR], { syscall: 'rmdir', path })
}

export function chmodSync(path: string, mode: number): void {
  system('fchmodat', [AT_FDCWD, path, mode], { syscall: 'chmod', path })
}

export function fsyncSync(fd: number): void {
  system('fsync', [fd])
}

export function fdatasyncSync(fd: number): void {
  system('fdatasync', [fd])
}

export function ftruncateSync(fd: number, length = 0): void {
  system('ftruncate', [fd, length])
}

export function readlinkSync(path: string): string {
  const target = Buffer.alloc(4096)
  const size = system('readlinkat', [AT_FDCWD, path, target, target.length], { syscall: 'readlink', path })
  return target.toString('utf8', 0, size)
}

/** Seconds since 1970, as Node takes them. */
export function utimesSync(path: string, atime: number | Date, mtime: number | Date): void {
  system('utimensat', [AT_FDCWD, path, timespecs(atime, mtime), 0], { syscall: 'utime', path })
}

export function futimesSync(fd: number, atime: number | Date, mtime: number | Date): void {
  system('utimensat', [fd, null, timespecs(atime, mtime), 0], { syscall: 'futime' })
}

function timespecs(...times: readonly (number | Date)[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(32))
  for (const [index, time] of times.entries()) {
    const seconds = typeof time === 'number' ? time : time.getTime() / 1000
    const whole = Math.floor(seconds)
    view.setBigInt64(16 * index, BigInt(whole), true)
    view.setBigInt64(16 * index + 8, BigInt(Math.floor((seconds - whole) * 1e6)) * 1000n, true)
  }
  return new Uint8Array(view.buffer)
}

interface StatOptions {
  throwIfNoEntry?: boolean
  bigint?: boolean
}

export function statSync(path: string): Stats
export function statSync(path: string, options: StatOptions & { bigint: true }): BigIntStats
export function statSync(path: string, options: StatOptions): Stats | undefined
export function statSync(path: string, options: StatOptions = {}): Stats | BigIntStats | undefined {
  return statx(AT_FDCWD, path, { flags: 0, syscall: 'stat', ...options })
}

export function fstatSync(fd: number): Stats
export function fstatSync(fd: number, options: { bigint: true }): BigIntStats
export function fstatSync(fd: number, options: StatOptions = {}): Stats | BigIntStats | undefined {
  return statx(fd, '', { flags: AT_EMPTY_PATH, syscall: 'fstat', ...options })
}

function statx(
  directory: number,
  path: string,
  options: StatOptions & { flags: number; syscall: string },
): Stats | BigIntStats | undefined {
  const { flags, syscall, throwIfNoEntry = true, bigint = false } = options
  const bytes = new Uint8Array(256)
  const result = host.system['statx']?.(directory, path, flags, STATX_BASIC_STATS, bytes) ?? 0
  if (result === -ENOENT && !throwIfNoEntry) return undefined
  if (result < 0) throw systemError(-result, { syscall, ...(path !== '' && { path }) })
  return bigint ? new BigIntStats(bytes) : new Stats(bytes)
}

/** `struct statfs` of 64-bit machines, `<asm-generic/statfs.h>`. */
export function statfsSync(path: string): {
  type: number
  bsize: number
  blocks: number
  bfree: number
  bavail: number
} {
  const bytes = new Uint8Array(120)
  system('statfs', [path, bytes], { path })
  const view = new DataView(bytes.buffer)
  const word = (index: number) => Number(view.getBigInt64(8 * index, true))
  return { type: word(0), bsize: word(1), blocks: word(2), bfree: word(3), bavail: word(4) }
}

export function readdirSync(path: string): string[]
export function readdirSync(path: string, options: { withFileTypes: true }): Dirent[]
export function readdirSync(path: string, options?: { withFileTypes?: boolean }): string[] | Dirent[] {
  const fd = system('openat', [AT_FDCWD, path, constants.O_DIRECTORY | constants.O_CLOEXEC, 0], {
    syscall: 'scandir',
    path,
  })
  try {
    const entries = [...direntsOf(fd, path)].sort((a, b) => (a.name < b.name ? -1 : 1))
    return options?.withFileTypes ? entries : entries.map(({ name }) => name)
  } finally {
    closeSync(fd)
  }
}
