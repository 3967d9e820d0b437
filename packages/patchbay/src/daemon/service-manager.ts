import { closeSync } from 'node:fs'
import { native } from '@patchbay/linux/sys'

/** `<sys/socket.h>` */
const AF_UNIX = 1
const SOCK_DGRAM = 2

/** The first descriptor that a service manager hands over, sd_listen_fds(3). */
const FIRST_DESCRIPTOR = 3

/** The listening socket that systemd has handed to this process; `undefined` when it has not. */
export function inheritedSocket(env: NodeJS.ProcessEnv, pid: number): number | undefined {
  if (env['LISTEN_PID'] !== String(pid) || env['LISTEN_FDS'] !== '1') return undefined
  return FIRST_DESCRIPTOR
}

/** Tells the service manager about this process: `READY=1`, sd_notify(3). Without one, or when it is gone, nothing. */
export function notify(state: string, env: NodeJS.ProcessEnv): void {
  const path = env['NOTIFY_SOCKET']
  if (path === undefined || path === '') return
  const fd = native().socketIn(-1, AF_UNIX, SOCK_DGRAM, 0)
  if (fd < 0) return
  if (native().connect(fd, unixAddress(path)) >= 0) native().send(fd, Buffer.from(state))
  closeSync(fd)
}

/** `struct sockaddr_un`; a name that begins with `@` is not in the file system. */
function unixAddress(path: string): Uint8Array {
  const name = Buffer.from(path.replace(/^@/, '\0'))
  const address = Buffer.alloc(2 + name.length)
  address.writeUInt16LE(AF_UNIX)
  address.set(name, 2)
  return address
}
