import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { formatStatus, readStatus } from '../../src/daemon/status.ts'

const folder = mkdtempSync(join(tmpdir(), 'patchbay-status-'))
after(() => rmSync(folder, { recursive: true }))

/** Has a program listen that does what `serve` says with each connection, until the work is done. */
async function withServer(serve: (socket: Socket) => void, work: (path: string) => Promise<void>): Promise<void> {
  const path = join(folder, 'socket')
  const sockets: Socket[] = []
  const server = createServer((socket) => {
    sockets.push(socket)
    serve(socket)
  })
  await new Promise<void>((resolve) => server.listen(path, resolve))
  try {
    await work(path)
  } finally {
    for (const socket of sockets) socket.destroy()
    server.close()
  }
}

test('readStatus() gives up on a daemon that takes the connection and says nothing', () =>
  withServer(
    (socket) => socket.resume(),
    async (path) => {
      const message = `Cannot ask the daemon on "${path}": it says nothing within 0.05 s`
      await assert.rejects(readStatus(path, { timeoutMs: 50 }), { message })
    },
  ))

test('readStatus() gives up on a daemon that stops in the middle of its answer', () =>
  withServer(
    (socket) => socket.write('x'),
    async (path) => {
      await assert.rejects(readStatus(path, { timeoutMs: 50 }), /: it says nothing within 0\.05 s$/)
    },
  ))

test('readStatus() says that no daemon listens, and what to do', async () => {
  const remedy = 'start one with "patchbayd", or name its socket by --socket or PATCHBAY_SOCKET'
  writeFileSync(join(folder, 'file'), '')
  for (const name of ['missing', 'missing/socket', 'file', 'file/socket']) {
    const path = join(folder, name)
    const message = `Cannot reach a daemon on "${path}": none listens there; ${remedy}`
    await assert.rejects(readStatus(path), { message }, name)
  }
  const message = `Cannot reach a daemon on "${folder}": it is a directory; name the socket in it by --socket or PATCHBAY_SOCKET`
  await assert.rejects(readStatus(folder), { message })
})

test('formatStatus() has a line for each figure', () => {
  const text = formatStatus({
    version: '1.2.3',
    pid: 42,
    uptimeSeconds: 3600.4,
    rssBytes: 50 * 2 ** 20,
    connections: 5,
    running: 2,
    waiting: 1,
    finished: { ADD: 7, DEL: 3 },
    failed: 1,
    refused: 4,
    deletions: { pending: 6, finished: 3, batches: 2 },
  })
  assert.equal(
    text,
    [
      'daemon       1.2.3, process 42, up 3600 s',
      'memory       50 MiB',
      'connections  5',
      'calls        2 running, 1 waiting',
      'finished     7 ADD, 3 DEL; 1 failed, 4 refused',
      'links        3 deleted in 2 requests, 6 pending',
      '',
    ].join('\n'),
  )
})
