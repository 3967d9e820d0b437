import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** What the bus answers the n-th call with, as hexadecimal digits; `undefined` is silence. */
export type Answer = (call: number) => string | undefined

export interface FakeBusOptions {
  /** What it says to AUTH; `OK 0123` by default, `undefined` is silence. */
  readonly greeting?: string | undefined
  readonly answer: Answer
}

/** Runs `work` with the path of a socket at which something answers like a message bus, byte for byte as told. */
export async function withFakeBus(options: FakeBusOptions, work: (path: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'fake-bus-'))
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    serve(socket, options)
  })
  try {
    const path = join(folder, 'socket')
    await listen(server, path)
    await work(path)
  } finally {
    for (const socket of sockets) socket.destroy()
    server.close()
    rmSync(folder, { recursive: true })
  }
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve) => {
    server.listen(path, resolve)
  })
}

/** Lines until BEGIN, then one answer for each message; each comes as a chunk of its own. */
function serve(socket: Socket, options: FakeBusOptions): void {
  const greeting = 'greeting' in options ? options.greeting : 'OK 0123'
  let calls = 0
  socket.on('error', () => {})
  socket.on('data', (chunk) => {
    if (chunk.includes('AUTH EXTERNAL')) {
      if (greeting !== undefined) socket.write(`${greeting}\r\n`)
      return
    }
    const answer = options.answer(calls++)
    if (answer === 'close') socket.destroy()
    else if (answer !== undefined) for (const byte of Buffer.from(answer, 'hex')) socket.write(Buffer.of(byte))
  })
}
