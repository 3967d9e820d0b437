import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const program = fileURLToPath(new URL('channel-server.js', import.meta.url))
const bunFolder = join(dirname(createRequire(import.meta.url).resolve('bun/package.json')), 'bin')
const runtimes = {
  node: process.execPath,
  bun: join(bunFolder, existsSync(join(bunFolder, 'bun')) ? 'bun' : 'bun.exe'),
}

/** The program of {@link file://./channel-server.ts}, and what it has said. */
class Server implements Disposable {
  readonly #folder = mkdtempSync(join(tmpdir(), 'patchbay-'))
  readonly #child: ChildProcess
  readonly ended: Promise<number | null>
  #said = ''

  constructor(runtime: string) {
    this.#child = spawn(runtime, [program, join(this.#folder, 'socket')], { stdio: ['pipe', 'pipe', 'inherit'] })
    this.#child.stdout?.on('data', (piece) => {
      this.#said += piece
    })
    this.ended = new Promise((resolve) => this.#child.once('close', resolve))
  }

  /** Waits until it has said a line, and forgets that. */
  async said(line: RegExp): Promise<string> {
    for (let found = line.exec(this.#said); ; found = line.exec(this.#said)) {
      if (found) {
        this.#said = this.#said.slice(found.index + found[0].length)
        return found[0]
      }
      assert.equal(this.#child.exitCode, null, this.#said)
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
  }

  async connect(): Promise<Socket> {
    const socket = connect({ path: join(this.#folder, 'socket'), allowHalfOpen: true })
    await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject))
    return socket
  }

  stop(): void {
    this.#child.stdin?.end()
  }

  [Symbol.dispose](): void {
    this.#child.kill('SIGKILL')
    rmSync(this.#folder, { recursive: true })
  }
}

function lengthOf(socket: Socket): Promise<number> {
  let length = 0
  socket.on('data', (piece) => {
    length += piece.length
  })
  return new Promise((resolve) => socket.on('end', () => resolve(length)))
}

for (const [name, runtime] of Object.entries(runtimes)) {
  test(`a channel of ${name} sends all that was written before it closes, however late it is read`, {
    timeout: 30_000,
  }, async () => {
    using server = new Server(runtime)
    await server.said(/listening/)
    const socket = await server.connect()
    socket.write('answer')
    await new Promise((resolve) => setTimeout(resolve, 100))
    assert.equal(await lengthOf(socket), 4_000_000)
    await server.said(/closed true/)
    socket.destroy()
  })

  test(`a channel of ${name} that ends writing goes on receiving until the other side closes`, {
    timeout: 30_000,
  }, async () => {
    using server = new Server(runtime)
    await server.said(/listening/)
    const socket = await server.connect()
    socket.write('refuse')
    assert.equal(await lengthOf(socket), 2)
    socket.write('x'.repeat(1234))
    await server.said(/1234/)
    socket.end()
    await server.said(/closed true/)
    socket.destroy()
  })

  test(`a channel of ${name} that is destroyed sends nothing more`, { timeout: 30_000 }, async () => {
    using server = new Server(runtime)
    await server.said(/listening/)
    const socket = await server.connect()
    socket.write('destroy')
    await server.said(/closed true/)
    assert.ok((await lengthOf(socket)) < 4_000_000)
    socket.destroy()
  })

  test(`a channel of ${name} counts what is not sent, and closes when the other side goes`, {
    timeout: 30_000,
  }, async () => {
    using server = new Server(runtime)
    await server.said(/listening/)
    const socket = await server.connect()
    socket.write('count')
    await server.said(/true 1000/)
    socket.destroy()
    await server.said(/closed true/)
  })

  test(`a channel server of ${name} that is closed accepts no more, and its channels stay`, {
    timeout: 30_000,
  }, async () => {
    using server = new Server(runtime)
    await server.said(/listening/)
    const socket = await server.connect()
    server.stop()
    await assert.rejects(async () => {
      for (;;) (await server.connect()).destroy()
    })
    socket.write('answer')
    assert.equal(await lengthOf(socket), 4_000_000)
    socket.destroy()
    assert.equal(await server.ended, 0)
  })
}
