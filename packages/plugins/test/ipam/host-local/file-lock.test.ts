import assert from 'node:assert/strict'
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readlinkSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { FileLockedError, lockFile } from '@patchbay/linux/sys'
import { temporaryDirectory } from './temporary-directory.ts'

/** Has flock(1) lock a file until the test is over or it is killed. */
async function lockElsewhere(context: TestContext, path: string): Promise<ChildProcess> {
  const child = spawn('flock', [path, '--command', 'echo locked; exec sleep 30'], { detached: true })
  context.after(() => kill(child))
  await once(child.stdout, 'data')
  return child
}

/** With its whole process group: the shell that flock(1) starts has the lock as well. */
function kill(child: ChildProcess): void {
  if (child.pid !== undefined && child.signalCode === null) process.kill(-child.pid, 'SIGKILL')
}

/** How many descriptors of a file this process has. */
function descriptorsOf(path: string): number {
  return readdirSync('/proc/self/fd').filter((fd) => targetOf(fd) === path).length
}

function targetOf(fd: string): string | undefined {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`)
  } catch {
    return undefined
  }
}

function isLocked(path: string): boolean {
  return spawnSync('flock', ['--nonblock', path, 'true']).status === 1
}

test('lockFile() makes the file and locks it for flock(2) of everybody else until it is closed', async (context) => {
  const path = join(temporaryDirectory(context), 'lock')
  const lock = await lockFile(path, { mode: 0o750 })
  assert.equal(statSync(path).mode & 0o7777, 0o750)
  assert.equal(isLocked(path), true)
  lock.close()
  assert.equal(isLocked(path), false)
  lock.close()
  assert.equal(statSync(path).size, 0)
})

test('lockFile() waits for another process to let go, however that ends', async (context) => {
  const path = join(temporaryDirectory(context), 'lock')
  const child = await lockElsewhere(context, path)
  const waiting = lockFile(path)
  await new Promise((resolve) => setTimeout(resolve, 20))
  kill(child)
  using _lock = await waiting
  assert.equal(isLocked(path), true)
})

test('lockFile() keeps two callers in one process apart', async (context) => {
  const path = join(temporaryDirectory(context), 'lock')
  let inside = 0
  let most = 0
  const turns = Array.from({ length: 20 }, async () => {
    using _lock = await lockFile(path)
    most = Math.max(most, ++inside)
    await new Promise((resolve) => setTimeout(resolve, 1))
    inside--
  })
  await Promise.all(turns)
  assert.equal(most, 1)
})

test('lockFile() names the process that holds the lock for too long', async (context) => {
  const path = join(temporaryDirectory(context), 'lock')
  const { pid } = await lockElsewhere(context, path)
  await assert.rejects(lockFile(path, { timeoutMs: 30 }), (error) => {
    assert.ok(error instanceof FileLockedError)
    assert.deepEqual(error.holders, [pid])
    assert.match(error.message, new RegExp(`^Cannot lock "${path}" within 30 ms: process ${pid} \\(\\w+\\) holds it$`))
    return true
  })
})

test('lockFile() does not wait at all when told so, and leaves no descriptor open', async (context) => {
  const path = join(temporaryDirectory(context), 'lock')
  const first = await lockFile(path)
  await assert.rejects(lockFile(path, { timeoutMs: 0 }), {
    name: 'FileLockedError',
    code: 'EAGAIN',
    holders: [process.pid],
  })
  assert.equal(descriptorsOf(path), 1)
  first.close()
  assert.equal(descriptorsOf(path), 0)
})

test('lockFile() ends its wait with the reason of its signal', async (context) => {
  const path = join(temporaryDirectory(context), 'lock')
  await lockElsewhere(context, path)
  const controller = new AbortController()
  const waiting = lockFile(path, { signal: controller.signal })
  setTimeout(() => controller.abort(new RangeError('enough')), 10)
  await assert.rejects(waiting, { name: 'RangeError', message: 'enough' })
})

test('lockFile() says which file it could not open', async () => {
  const message = 'open /nowhere/lock: no such file or directory'
  await assert.rejects(lockFile('/nowhere/lock'), { name: 'SystemError', code: 'ENOENT', message })
})
