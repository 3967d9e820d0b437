import {
  constants,
  fstatSync,
  mkdirSync,
  openSync,
  type Stats,
  statfsSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { checked, checkedFileCall, errno, giveBack, native, SystemError } from '../sys/index.ts'

/** `<linux/magic.h>`: file systems that a namespace file may be on; procfs on kernels before 3.19. */
const NSFS_MAGIC = 0x6e736673
const PROC_SUPER_MAGIC = 0x9fa0

/** `<sys/mount.h>` */
const MS = { BIND: 0x1000, REC: 0x4000, SHARED: 1 << 20 } as const
const MNT_DETACH = 2

/** Where `ip netns` keeps named namespaces. */
export const NAMESPACE_DIRECTORY = '/var/run/netns'

/** No file at the path of a namespace: the namespace is gone, or never was. */
export class NamespaceNotFoundError extends Error {
  override readonly name = 'NamespaceNotFoundError'
  readonly code = 'ENOENT'
  readonly path: string

  constructor(path: string) {
    super(`Cannot open the network namespace "${path}": no such file or directory`)
    this.path = path
  }
}

/** A file that is not a namespace. */
export class NotANamespaceError extends Error {
  override readonly name = 'NotANamespaceError'
  readonly code = 'EINVAL'
  readonly path: string
  /** Number of the type of file system that the file is on, `<linux/magic.h>`. */
  readonly fileSystemType: number

  constructor(path: string, fileSystemType: number) {
    super(`Cannot open the network namespace "${path}": the file is no namespace`)
    this.path = path
    this.fileSystemType = fileSystemType
  }
}

/**
 * A network namespace held open. Sockets and files are opened *in* it; no code ever runs in it.
 *
 * Only the open descriptor keeps an unnamed namespace alive; one that is mounted lives until {@link remove}.
 */
export class Namespace implements Disposable {
  readonly fd: number
  /** A path by which another process can open it while it is mounted, or while this process holds it. */
  readonly path: string
  /** Whether it is known to be the one that this process is in: nothing has to go anywhere else to act in it. */
  readonly isCurrent: boolean
  #closed = false

  private constructor(fd: number, path: string, isCurrent = false) {
    this.fd = fd
    this.path = path
    this.isCurrent = isCurrent
  }

  /**
   * Opens a namespace by path.
   *
   * @throws NamespaceNotFoundError when no file has that path, {@link NotANamespaceError} when the file is no namespace
   * @throws SystemError when the file cannot be opened
   */
  static open(path: string): Namespace {
    const fd = isPlainPath(path) ? native().openNetns(path) : -1
    if (fd >= 0) return new Namespace(fd, path)
    checkFileSystem(path)
    return new Namespace(openFile(path), path)
  }

  /** The namespace that this process is in. */
  static current(): Namespace {
    return new Namespace(openFile('/proc/thread-self/ns/net'), `/proc/${process.pid}/ns/net`, true)
  }

  /**
   * A new namespace without a name, which ends with the last descriptor of it.
   *
   * @throws SystemError `EPERM` without CAP_SYS_ADMIN
   */
  static create(): Namespace {
    const fd = checked('unshare', native().newNetns(undefined))
    return new Namespace(fd, `/proc/${process.pid}/fd/${fd}`)
  }

  /**
   * A new namespace mounted as `/var/run/netns/NAME`, where `ip netns` and other processes find it.
   *
   * @throws RangeError for a name that cannot be a file's
   * @throws SystemError `EEXIST` when a namespace has that name, `EPERM` without CAP_SYS_ADMIN
   */
  static createNamed(name: string, directory = NAMESPACE_DIRECTORY): Namespace {
    if (name === '' || name === '.' || name === '..' || /[/\0]/.test(name))
      throw new RangeError(`Cannot create the namespace "${name}": not a file name`)
    prepareDirectory(directory)
    const path = `${directory}/${name}`
    createMountPoint(path)
    const fd = native().newNetns(path)
    if (fd >= 0) return new Namespace(fd, path)
    unlinkSync(path)
    throw new SystemError('unshare', -fd, path)
  }

  /** What tells namespaces apart: two paths lead to one namespace when both numbers agree. */
  get identity(): { device: bigint; inode: bigint } {
    const { dev, ino } = fstatSync(this.fd, { bigint: true })
    return { device: dev, inode: ino }
  }

  /** Whether `other` is the same namespace. */
  is(other: Namespace): boolean {
    const [mine, its] = [this.identity, other.identity]
    return mine.device === its.device && mine.inode === its.inode
  }

  /** Gives the descriptor back. A mounted namespace stays. */
  close(): void {
    if (this.#closed) return
    this.#closed = true
    giveBack(this.fd)
  }

  [Symbol.dispose](): void {
    this.close()
  }

  /**
   * Closes it and takes away its name, if it has one; it ends with the last process and descriptor in it. A name that is
   * gone already is fine.
   */
  remove(): void {
    this.close()
    if (!this.path.startsWith('/proc/')) removeNamespace(this.path)
  }
}

/** Takes away the name of a mounted namespace. A missing one is fine. */
export function removeNamespace(path: string): void {
  const result = native().umount(path, MNT_DETACH)
  if (result < 0 && result !== -errno.EINVAL && result !== -errno.ENOENT) throw new SystemError('umount', -result, path)
  try {
    checkedFileCall(() => unlinkSync(path))
  } catch (error) {
    if (!hasCode(error, 'ENOENT')) throw error
  }
}

/** Whether the native boundary takes a path: it ends at a NUL there, and has at most 4095 bytes. */
function isPlainPath(path: string): boolean {
  return path.length < 1024 && !path.includes('\0')
}

/** Says, where the quick way has failed, what is wrong. */
function checkFileSystem(path: string): void {
  let type: number
  try {
    type = Number(checkedFileCall(() => statfsSync(path)).type)
  } catch (error) {
    if (hasCode(error, 'ENOENT')) throw new NamespaceNotFoundError(path)
    throw error
  }
  if (type !== NSFS_MAGIC && type !== PROC_SUPER_MAGIC) throw new NotANamespaceError(path, type)
}

function openFile(path: string): number {
  try {
    return checkedFileCall(() => openSync(path, constants.O_RDONLY | constants.O_NONBLOCK))
  } catch (error) {
    if (hasCode(error, 'ENOENT')) throw new NamespaceNotFoundError(path)
    throw error
  }
}

function createMountPoint(path: string): void {
  checkedFileCall(() => writeFileSync(path, '', { flag: 'wx', mode: 0o444 }))
}

/** As `ip netns add` does: a shared mount of its own, so that a name taken away here is gone in every mount namespace. */
function prepareDirectory(directory: string): void {
  checkedFileCall(() => mkdirSync(directory, { recursive: true, mode: 0o755 }))
  const shared = native().mount('', directory, 'none', MS.SHARED | MS.REC)
  if (shared >= 0) return
  if (shared !== -errno.EINVAL) throw new SystemError('mount', -shared, directory)
  checked('mount', native().mount(directory, directory, 'none', MS.BIND | MS.REC), directory)
  checked('mount', native().mount('', directory, 'none', MS.SHARED | MS.REC), directory)
}

/** Whether two paths lead to the same namespace. A path that cannot be read is not. */
export function isSameNamespace(path: string, other: string): boolean {
  try {
    const [a, b] = [statSync(path, { bigint: true }), statSync(other, { bigint: true })]
    return a.dev === b.dev && a.ino === b.ino
  } catch {
    return false
  }
}

let own: Stats | undefined

/** Whether a path leads to the namespace that this process is in, which never changes. A path that cannot be read does not. */
export function isOwnNamespace(path: string): boolean {
  try {
    own ??= statSync('/proc/self/ns/net')
    const found = statSync(path, { throwIfNoEntry: false })
    return found?.ino === own.ino && found.dev === own.dev
  } catch {
    return false
  }
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof SystemError && error.code === code
}
