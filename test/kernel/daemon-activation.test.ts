import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdtempSync, renameSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { executables } from '../lab/daemon-lab.ts'

/**
 * A service manager: holds the listening socket as descriptor 3, never accepts, and starts daemons one after another. `$0` is
 * the executable and `$1` the path of the socket.
 */
const manager = `
  start() { sh -c 'LISTEN_PID=$$ LISTEN_FDS=1 exec "$0" daemon --socket /nonexistent/socket' "$0" & daemon=$!; }
  ask() { "$0" status --socket "$1" --json 3>&- | grep '"pid"' | tr -dc 0-9; }
  start
  [ "$(ask "$1")" = $daemon ] && echo 'the first answers'
  kill $daemon; wait $daemon; echo "ended with $?"
  ask "$1" >"$1.asked" & asked=$!
  sleep 0.3
  start
  wait $asked
  [ "$(cat "$1.asked")" = $daemon ] && echo 'the second answers who asked before it was there'
  kill $daemon; wait $daemon; echo "ended with $?"`

test('the daemon takes over the socket of a service manager and leaves it there', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'patchbay-'))
  try {
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(join(folder, 'made'), resolve))
    const { _handle } = server as unknown as { _handle: { fd: number } }
    // Node accepts on a socket as long as it has it, and takes its path away when it closes it.
    const path = join(folder, 'socket')
    renameSync(join(folder, 'made'), path)
    const shell = spawn('sh', ['-c', manager, join(executables, 'patchbay'), path], {
      stdio: ['ignore', 'pipe', 'ignore', _handle.fd],
    })
    server.close()
    let said = ''
    for await (const piece of shell.stdout ?? []) said += piece
    const lines = [
      'the first answers',
      'ended with 0',
      'the second answers who asked before it was there',
      'ended with 0',
    ]
    assert.equal(said, `${lines.join('\n')}\n`)
  } finally {
    rmSync(folder, { recursive: true })
  }
})
