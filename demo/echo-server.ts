import { closeSync } from 'node:fs'
import { createServer, type Server, Socket } from 'node:net'
import { type IP, parseIP } from '@patchbay/address'
import type { Namespace } from '@patchbay/linux/netns'
import { AF_INET, AF_INET6, writeSocketAddress } from '@patchbay/linux/packet'
import { checked, native } from '@patchbay/linux/sys'

/** `<sys/socket.h>`, `<netinet/in.h>` */
const SOCK_STREAM = 1
const SOCK_NONBLOCK = 0o4000
const IPPROTO_IPV6 = 41
const IPV6_V6ONLY = 26

/** `<errno.h>`: the connection is being made. */
const EINPROGRESS = 115

/** The port of the echo service (RFC 862). */
const PORT = 7

const DIAL_TIMEOUT_MS = 3000

/** A server in a network namespace that sends back what it gets. Its process stays where it is. */
export async function serveEcho(netns: Namespace, version: 4 | 6): Promise<Server> {
  const fd = openSocket(netns, version, 0)
  const any = parseIP(version === 4 ? '0.0.0.0' : '::')
  if (version === 6) checked('setsockopt', native().setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1))
  checked('bind', native().bind(fd, writeSocketAddress(any, { port: PORT })))
  const server = createServer((socket) => socket.on('error', () => {}).pipe(socket))
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen({ fd }, resolve))
  return server
}

/**
 * Connects to the server at an address, from a namespace, and has it send a text back.
 *
 * @returns how long all of it took, in milliseconds
 */
export async function dialEcho(netns: Namespace, to: IP): Promise<number> {
  const started = performance.now()
  const fd = openSocket(netns, to.family, SOCK_NONBLOCK)
  try {
    const result = native().connect(fd, writeSocketAddress(to, { port: PORT }))
    if (result !== -EINPROGRESS) checked('connect', result)
  } catch (error) {
    closeSync(fd)
    throw error
  }
  await converse(new Socket({ fd }), `hello ${to} ${started}\n`)
  return performance.now() - started
}

function openSocket(netns: Namespace, version: 4 | 6, flags: number): number {
  return checked('socket', native().socketIn(netns.fd, version === 4 ? AF_INET : AF_INET6, SOCK_STREAM | flags, 0))
}

async function converse(socket: Socket, text: string): Promise<void> {
  socket.setTimeout(DIAL_TIMEOUT_MS, () => socket.destroy(new Error(`no answer within ${DIAL_TIMEOUT_MS} ms`)))
  socket.end(text)
  let answer = ''
  for await (const chunk of socket.setEncoding('utf8')) answer += chunk
  if (answer !== text) throw new Error(`sent ${JSON.stringify(text)}, got ${JSON.stringify(answer)}`)
}
