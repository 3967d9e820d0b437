import assert from 'node:assert/strict'
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'

const patchbay = fileURLToPath(new URL('../../../packages/patchbay', import.meta.url))
const built = fileURLToPath(new URL('../../../dist/cni/bin/patchbay-shim', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'patchbay-'))
const socketPath = join(folder, 'socket')

/** Stands for the executable beside the shim: says how it was run, and how much it could read. */
const executable = `#!/bin/sh
echo "alone $CNI_COMMAND $# $(pwd) $(cksum) \${BUN_OPTIONS-unset} \${BUN_BE_BUN-unset} $OTHER"
exit 42`

/** What a daemon of the test does with a connection, once the whole request has come. */
let behave: (socket: Socket, request: string) => void
let server: Server

before(async () => {
  execFileSync(process.execPath, [join(patchbay, 'build.mjs'), '--sanitize'])
  copyFileSync(join(patchbay, 'dist', 'shim.sanitized'), join(folder, 'sanitized'))
  copyFileSync(built, join(folder, 'built'))
  for (const name of ['sanitized', 'built']) {
    execFileSync('sh', ['-ec', `mkdir ${name}.d; mv ${name} ${name}.d/bridge`], { cwd: folder })
    writeFileSync(join(folder, `${name}.d`, 'patchbay'), executable, { mode: 0o755 })
  }
  server = createServer((socket) => {
    let come = ''
    let length = Number.POSITIVE_INFINITY
    socket.on('error', () => undefined)
    socket.on('data', (piece) => {
      if (come === '') length = 52 + piece.readUInt32LE(40) + piece.readUInt32LE(44) + piece.readUInt32LE(48)
      come += piece.toString('latin1')
      if (come.length >= length) behave(socket, come)
    })
  })
  await new Promise<void>((resolve) => server.listen(socketPath, resolve))
})
after(() => {
  server.close()
  rmSync(folder, { recursive: true })
})

const kinds = ['built', 'sanitized'] as const

interface Run {
  status: number | null
  stdout: string
  stderr: string
}

function run(
  kind: (typeof kinds)[number],
  command: string,
  options: { stdin?: string; script?: string; env?: object; cwd?: string } = {},
) {
  const { stdin = 'config', script = 'exec "$0" one two', env = {}, cwd = '/usr' } = options
  const variables = {
    PATH: process.env['PATH'],
    CNI_COMMAND: command,
    PATCHBAY_SOCKET: socketPath,
    BUN_OPTIONS: '--x',
    BUN_BE_BUN: '1',
    OTHER: 'kept',
  }
  const sanitizer = { ASAN_OPTIONS: 'detect_leaks=0', UBSAN_OPTIONS: 'print_stacktrace=1' }
  const child = spawn('sh', ['-c', script, join(folder, `${kind}.d`, 'bridge')], {
    env: { ...variables, ...sanitizer, ...env },
    cwd,
  })
  child.stdin.on('error', () => undefined)
  child.stdin.end(stdin)
  const result: Run = { status: null, stdout: '', stderr: '' }
  child.stdout.on('data', (piece) => (result.stdout += piece))
  child.stderr.on('data', (piece) => (result.stderr += piece))
  return new Promise<Run>((resolve) => child.on('close', (status) => resolve({ ...result, status })))
}

function frame(type: number, payload: Uint8Array | string = '', length?: number): Buffer {
  const bytes = Buffer.from(payload)
  const head = Buffer.alloc(5)
  head.writeUInt32LE(length ?? bytes.length)
  head[4] = type
  return Buffer.concat([head, bytes])
}

const [queued, begun, refused, stderr, done] = [1, 2, 3, 4, 5] as const

/** A daemon that comes to a standstill before it accepts anyone, or when it has read the beginning of a request. */
const stuckDaemon = `
  const { readSync, writeSync } = require('node:fs')
  const [path, when] = process.argv.slice(1)
  const stop = () => readSync(0, Buffer.alloc(1))
  require('node:net').createServer((socket) => socket.once('data', stop)).listen(path, () => {
    writeSync(1, 'listening')
    if (when === 'unaccepted') stop()
  })`

const stuckDaemons: ChildProcess[] = []
after(() => {
  for (const daemon of stuckDaemons) daemon.kill('SIGKILL')
})

async function startStuckDaemon(when: 'unaccepted' | 'read in part') {
  const path = join(folder, 'stuck')
  rmSync(path, { force: true })
  const daemon = spawn(process.execPath, ['-e', stuckDaemon, path, when], { stdio: ['pipe', 'pipe', 'inherit'] })
  stuckDaemons.push(daemon)
  await new Promise((resolve) => daemon.stdout.once('data', resolve))
  return { env: { PATCHBAY_SOCKET: path }, kill: () => daemon.kill('SIGKILL') }
}

/** What the executable says when it was run in place of the daemon with that standard input. */
function alone(stdin: string, cwd = '/usr', command = 'ADD'): Run {
  const sum = execFileSync('cksum', { input: stdin, encoding: 'utf8' }).trim()
  return { status: 42, stdout: `alone ${command} 2 ${cwd} ${sum} unset unset kept\n`, stderr: '' }
}

for (const kind of kinds) {
  test(`the ${kind} shim relays output, error output and status, of calls that waited and of those that did not`, async () => {
    const large = 'x'.repeat(3 * 2 ** 20)
    for (const start of [[], [frame(queued), frame(queued), frame(begun)]]) {
      behave = (socket) => {
        socket.write(Buffer.concat([...start, frame(stderr, 'one '), frame(stderr, 'two')]))
        // In pieces, as the kernel may cut it.
        const last = frame(done, `\x07${large}`)
        socket.write(last.subarray(0, 3))
        setTimeout(() => socket.end(last.subarray(3)), 5)
      }
      assert.deepEqual(await run(kind, 'ADD'), { status: 7, stdout: large, stderr: 'one two' })
    }
    behave = (socket) => socket.end(frame(done, '\0at once'))
    assert.deepEqual(await run(kind, 'ADD'), { status: 0, stdout: 'at once', stderr: '' })
  })

  test(`the ${kind} shim does without a daemon that is not there, refuses, or leaves while the call waits`, async () => {
    const stdin = 'y'.repeat(2 ** 20)
    const behaviours: (typeof behave)[] = [
      (socket) => socket.end(frame(refused, 'not you')),
      (socket) => socket.end(Buffer.concat([frame(queued), frame(refused, 'not now')])),
      (socket) => socket.end(frame(queued)),
      (socket) => socket.end(Buffer.concat([frame(queued), frame(99)])),
      (socket) => socket.end(Buffer.concat([frame(queued), frame(begun, '', 2 ** 31)])),
    ]
    for (behave of behaviours) assert.deepEqual(await run(kind, 'ADD', { stdin }), alone(stdin))
    for (const path of ['', '/nonexistent', '/usr', `/${'x'.repeat(200)}`])
      assert.deepEqual(await run(kind, 'ADD', { stdin, env: { PATCHBAY_SOCKET: path } }), alone(stdin))
  })

  test(`the ${kind} shim does without a daemon that ends before it has accepted, or before it has read all`, async () => {
    // More than is read at once, and less than the socket holds.
    const stdin = 'y'.repeat(100_000)
    for (const when of ['unaccepted', 'read in part'] as const) {
      const { env, kill } = await startStuckDaemon(when)
      const outcome = run(kind, 'ADD', { stdin, env })
      // By then the shim waits for the answer.
      setTimeout(kill, 300)
      assert.deepEqual(await outcome, alone(stdin), when)
    }
  })

  test(`the ${kind} shim that loses a daemon in the middle does everything but ADD again`, async () => {
    const behaviours: (typeof behave)[] = [
      (socket) => socket.destroy(),
      (socket) => socket.end(frame(stderr, '')),
      (socket) => socket.end(frame(99)),
      (socket) => socket.end(frame(done, 'cut off').subarray(0, 8)),
      (socket) => socket.end(frame(begun, '', 2 ** 31)),
      (socket) => socket.end(Buffer.concat([frame(queued), frame(begun)])),
      (socket) => socket.end(Buffer.concat([frame(queued), frame(begun), frame(refused)])),
    ]
    for (behave of behaviours) {
      for (const command of ['DEL', 'CHECK', 'GC', 'STATUS'])
        assert.deepEqual(await run(kind, command, { stdin: 'again' }), alone('again', '/usr', command))
      const { status, stdout } = await run(kind, 'ADD')
      assert.equal(status, 1)
      assert.equal(JSON.parse(stdout).code, 11)
    }
  })

  test(`the ${kind} shim hands over standard input that comes late, and what a daemon will not take`, async () => {
    behave = (socket) => socket.end(frame(refused))
    const script = '{ printf a; sleep 0.1; printf b; } | "$0" one two'
    assert.deepEqual(await run(kind, 'ADD', { script }), alone('ab'))
    const tooLong = 'z'.repeat(16 * 2 ** 20 + 100_000)
    assert.deepEqual(await run(kind, 'ADD', { stdin: tooLong }), alone(tooLong))
  })

  test(`the ${kind} shim with closed streams or a deleted directory leaves the call to the executable`, async () => {
    behave = (socket) => socket.end(frame(done, '\0by the daemon'))
    const closed = await run(kind, 'ADD', { script: 'exec "$0" one two 2>&-' })
    assert.deepEqual(closed, alone('config'))
    const script = 'd=$(mktemp -d) && cd "$d" && rmdir "$d" && exec "$0" one two'
    assert.equal((await run(kind, 'ADD', { script })).stdout, 'by the daemon')
    const env = { PATCHBAY_SOCKET: '' }
    assert.deepEqual(await run(kind, 'ADD', { script, env }), alone('config', '/'))
  })

  test(`the ${kind} shim that cannot print the answer to an ADD has it undone, by the daemon or without it`, async () => {
    const commands: string[] = []
    const answers = [frame(done, '\0answer'), frame(done, '\x01said by DEL')]
    behave = (socket, request) => {
      commands.push(/CNI_COMMAND=([A-Z]*)\0/.exec(request)?.[1] ?? '')
      socket.end(answers[commands.length - 1] ?? frame(refused))
    }
    const script = 'exec "$0" one two >/dev/full'
    const reason = 'Cannot write to standard output: ENOSPC: no space left on device\n'
    assert.deepEqual(await run(kind, 'ADD', { script }), { status: 1, stdout: '', stderr: `${reason}said by DEL` })
    assert.deepEqual(commands, ['ADD', 'DEL'])
    answers[1] = frame(refused)
    commands.length = 0
    const { stdout } = alone('config', '/usr', 'DEL')
    assert.deepEqual(await run(kind, 'ADD', { script }), { status: 1, stdout: '', stderr: reason + stdout })
  })

  test(`the ${kind} shim that cannot print an error, or the answer to another command, undoes nothing`, async () => {
    const answers = { ADD: '\x01error', CHECK: '\x01error', STATUS: '\0answer' }
    for (const [command, answer] of Object.entries(answers)) {
      let calls = 0
      behave = (socket) => {
        calls++
        socket.end(frame(done, answer))
      }
      const { status, stderr } = await run(kind, command, {
        script: 'mkfifo $$.p; : <$$.p & exec "$0" >$$.p',
        cwd: folder,
      })
      assert.deepEqual(
        { status, stderr, calls },
        { status: 1, stderr: 'Cannot write to standard output: EPIPE: broken pipe\n', calls: 1 },
      )
    }
  })

  test(`the ${kind} shim without an executable beside it reports that in the protocol's way`, async () => {
    const script =
      'mkdir -p /tmp/x.$$ && cp "$0" /tmp/x.$$/ && cd /tmp/x.$$ && ./bridge; s=$?; rm -r /tmp/x.$$; exit $s'
    const { status, stdout } = await run(kind, 'ADD', { script, env: { PATCHBAY_SOCKET: '' } })
    assert.equal(status, 1)
    assert.equal(JSON.parse(stdout).code, 999)
  })
}

test('the shim survives any daemon', async () => {
  const seed = Date.now() % 2 ** 31
  let state = seed
  const next = (limit: number): number => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0
    return (state >>> 8) % limit
  }
  const anyFrame = (): Buffer => {
    const payload = Buffer.from(Array.from({ length: next(80) }, () => next(256)))
    return next(4) === 0 ? payload : frame(next(8), payload, next(6) === 0 ? next(2 ** 32) : payload.length)
  }
  for (let round = 0; round < 120; round++) {
    behave = (socket) => socket.end(Buffer.concat(Array.from({ length: 1 + next(6) }, anyFrame)))
    const { status, stdout, stderr } = await run('sanitized', next(2) ? 'ADD' : 'DEL')
    assert.doesNotMatch(stderr, /AddressSanitizer|runtime error/, `seed ${seed}`)
    assert.ok(
      status !== null && (status !== 1 || stdout.includes('"code": 11') || !stdout.startsWith('{')),
      `seed ${seed}`,
    )
  }
})

test('a daemon that does not read is given up after a quarter of a minute, but not one that is at work or says that the call waits', async () => {
  const started = performance.now()
  const deaf = await startStuckDaemon('unaccepted')
  const silent = run('built', 'ADD', { env: deaf.env })
  behave = (socket) => {
    setTimeout(() => socket.end(frame(done, '\0at last')), 17_000)
  }
  const atWork = run('built', 'ADD')
  await new Promise((resolve) => setTimeout(resolve, 200))
  behave = (socket) => {
    socket.write(frame(queued))
    const timer = setInterval(() => socket.write(frame(queued)), 5000)
    setTimeout(() => {
      clearInterval(timer)
      socket.end(Buffer.concat([frame(begun), frame(done, '\0late')]))
    }, 17_000)
  }
  const patient = run('built', 'ADD')
  await new Promise((resolve) => setTimeout(resolve, 200))
  behave = (socket) => socket.write(frame(queued))
  const forgotten = run('built', 'ADD')
  assert.deepEqual(await silent, alone('config'))
  assert.deepEqual(await forgotten, alone('config'))
  const took = performance.now() - started
  assert.ok(took > 14_000, `${took} ms`)
  assert.equal((await atWork).stdout, 'at last')
  assert.equal((await patient).stdout, 'late')
})
