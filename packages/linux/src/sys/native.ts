import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/**
 * The functions of the native addon. A negative number is a negated errno; where one function makes several system calls,
 * less 4096 for each before the one that failed.
 */
export interface Native {
  socketIn(netns: number, domain: number, type: number, protocol: number): number
  /** A netlink socket, ready to use. The calls: socket, setsockopt, connect. */
  netlinkIn(netns: number, protocol: number): number
  /** The text of a file, at most 4096 bytes. The calls: open, read. */
  readIn(netns: number, path: string): string | number
  /** The calls: open, write. */
  writeIn(netns: number, path: string, text: string): number
  /** `EINVAL` for a file that is on no file system of namespaces. */
  openNetns(path: string): number
  newNetns(path: string | undefined): number
  mount(source: string, target: string, type: string, flags: number): number
  umount(target: string, flags: number): number
  setsockopt(fd: number, level: number, option: number, value: number): number
  attachFilter(fd: number, program: Uint8Array): number
  bind(fd: number, address: Uint8Array): number
  connect(fd: number, address: Uint8Array): number
  send(fd: number, bytes: Uint8Array): number
  receive(fd: number, into: Uint8Array, timeoutMs: number): number
  /** In both directions. Ends what waits to receive: it gets 0. Of no use to netlink sockets. */
  shutdown(fd: number): number
  /** The calls: send, recv. */
  exchange(fd: number, request: Uint8Array, response: Uint8Array, timeoutMs: number): number
  close(fd: number): number
  flock(fd: number, operation: number): number
  peerCredentials(fd: number): [pid: number, uid: number, gid: number] | number
  /** 1 when the process that connected has not ended, else 0; `ENOPROTOOPT` on kernels before 6.5. */
  peerIsAlive(fd: number): number
  /** `user:[1] mnt:[2] pid:[3] net:[4] DEVICE:INODE`, the last of the root directory. The calls: readlink, stat. */
  processNamespaces(pid: number): string | number
  strerror(errno: number): string
  sendFromChild(fd: number, bytes: Uint8Array): number
  /** @param fds the bytes of an `Int32Array` */
  holdInChild(fds: Uint8Array): number
  exchangeAsync(fd: number, request: Uint8Array, response: Uint8Array, timeoutMs: number): Promise<number>
  /** On a thread of its own, as the two that follow: a few of these would fill the thread pool. */
  exchangeLong(fd: number, request: Uint8Array, response: Uint8Array, timeoutMs: number): Promise<number>
  sendAsync(fd: number, bytes: Uint8Array): Promise<number>
  closeAsync(fd: number): Promise<number>
  receiveAsync(fd: number, into: Uint8Array, timeoutMs: number): Promise<number>
  /** Keeps the threads of the pool off the processor of the thread that starts an exchange and goes on. */
  pinJobsToOtherCpus(): number
  subscribe(fd: number, callback: (datagram: Uint8Array | number) => void): object | number
  unsubscribe(subscription: object): number
}

let loaded: Native | undefined
let addonPath: string | undefined

/**
 * Names the file of the native addon. A program that is laid out neither as the package is nor has the addon beside it
 * calls this before its first system call; afterwards it has no effect.
 */
export function useNativeAddon(path: string): void {
  addonPath = path
}

/**
 * The native addon, loaded by the first call: the file that was named, else the one beside the file that this module is
 * bundled into, else the one in the package.
 *
 * @throws Error when the file is missing or was built for another platform; the message says what to do
 */
export function native(): Native {
  loaded ??= load()
  return loaded
}

function load(): Native {
  const { path, advice } = addonPath === undefined ? findAddon() : { path: addonPath, advice: besideProgram }
  const module = { exports: {} }
  try {
    process.dlopen(module, path)
  } catch (cause) {
    throw new Error(`Cannot load the native addon "${path}": ${advice}`, { cause })
  }
  return module.exports as Native
}

const besideProgram = 'it belongs beside this program'

function findAddon(): { path: string; advice: string } {
  // Bundlers leave no `import.meta` in a CommonJS file, which has the other.
  const own = import.meta.url ? fileURLToPath(import.meta.url) : __filename
  const beside = { path: join(dirname(own), 'patchbay.node'), advice: besideProgram }
  if (existsSync(beside.path)) return beside
  try {
    const folder = dirname(createRequire(own).resolve('@patchbay/linux/package.json'))
    const advice = `build it for this machine with "node ${join(folder, 'native', 'build.mjs')}"`
    return { path: join(folder, 'dist', 'patchbay.node'), advice }
  } catch {
    return beside
  }
}
