import { createRequire } from 'node:module'

/** The functions of the native addon. A negative number is a negated errno. */
export interface Native {
  socketIn(netns: number, domain: number, type: number, protocol: number): number
  openIn(netns: number, path: string, flags: number): number
  newNetns(path: string | undefined): number
  mount(source: string, target: string, type: string, flags: number): number
  umount(target: string, flags: number): number
  setsockopt(fd: number, level: number, option: number, value: number): number
  bind(fd: number, address: Uint8Array): number
  connect(fd: number, address: Uint8Array): number
  send(fd: number, bytes: Uint8Array): number
  receive(fd: number, into: Uint8Array, timeoutMs: number): number
  flock(fd: number, operation: number): number
  peerCredentials(fd: number): [pid: number, uid: number, gid: number] | number
  strerror(errno: number): string
  sendFromChild(fd: number, bytes: Uint8Array): number
  sendAsync(fd: number, bytes: Uint8Array): Promise<number>
  exchangeAsync(fd: number, request: Uint8Array, response: Uint8Array, timeoutMs: number): Promise<number>
  receiveAsync(fd: number, into: Uint8Array, timeoutMs: number): Promise<number>
  flockAsync(fd: number, operation: number): Promise<number>
  subscribe(fd: number, callback: (datagram: Uint8Array | number) => void): object | number
  unsubscribe(subscription: object): number
}

let loaded: Native | undefined
let addonPath: string | undefined

/**
 * Names the file of the native addon. A program that is not laid out as the package is (one compiled to a single
 * executable) calls this before its first system call; afterwards it has no effect.
 */
export function useNativeAddon(path: string): void {
  addonPath = path
}

/**
 * The native addon, loaded by the first call.
 *
 * @throws Error when the file is missing or was built for another platform; the message says how to build it.
 */
export function native(): Native {
  loaded ??= load(addonPath ?? packagedAddon())
  return loaded
}

function packagedAddon(): string {
  return createRequire(import.meta.url).resolve('@patchbay/linux/patchbay.node')
}

function load(path: string): Native {
  const module = { exports: {} }
  try {
    process.dlopen(module, path)
  } catch (cause) {
    const advice = addonPath === undefined ? 'build it with "npm run build"' : 'it belongs beside this program'
    throw new Error(`Cannot load the native addon "${path}": ${advice}`, { cause })
  }
  return module.exports as Native
}
