import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { after, before, test } from 'node:test'
import { bridgeConfig, DaemonLab, eventually, executables, socketPath } from '../lab/daemon-lab.ts'

let lab: DaemonLab
before(async () => {
  lab = await DaemonLab.open()
})
after(() => lab[Symbol.dispose]())

const [build = ''] = /[0-9a-f]{32}/.exec(readFileSync(`${executables}/patchbay-shim`, 'latin1')) ?? []

/** What a shim sends first, with lengths that are made up. */
function head(name: number, env: number, stdin: number, madeBy = build): Buffer {
  const bytes = Buffer.alloc(52)
  bytes.write('CNIP')
  bytes.write(madeBy, 8)
  for (const [at, value] of [
    [4, 2],
    [40, name],
    [44, env],
    [48, stdin],
  ] as const)
    bytes.writeUInt32LE(value, at)
  return bytes
}

/** Connects as a client that behaves as it likes; `closed` tells when the daemon has had enough, and what it said. */
async function client(): Promise<{ socket: Socket; closed: Promise<Buffer> }> {
  const socket = connect(lab.world.path(socketPath))
  const pieces: Buffer[] = []
  socket.on('data', (piece) => pieces.push(piece))
  socket.on('error', () => undefined)
  const closed = new Promise<Buffer>((resolve) => socket.on('close', () => resolve(Buffer.concat(pieces))))
  await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject))
  return { socket, closed }
}

/** A call of someone who means well. */
function assertServes(): void {
  const before = lab.status()
  for (const command of ['ADD', 'DEL']) {
    const { status, stdout } = lab.call(command, bridgeConfig())
    assert.equal(status, 0, stdout)
  }
  const now = lab.status()
  assert.equal((now.finished['ADD'] ?? 0) - (before.finished['ADD'] ?? 0), 1)
}

test('one who writes slowly is refused after ten seconds and stops nobody', async () => {
  const { socket, closed } = await client()
  const timer = setInterval(() => socket.write('C'), 300)
  socket.write(head(6, 10, 1000))
  const started = performance.now()
  assertServes()
  const said = await closed
  clearInterval(timer)
  assert.ok(performance.now() - started < 15_000)
  assert.match(said.toString(), /did not come in time/)
})

test('many who say nothing, or only half of it, stop nobody', async () => {
  const clients = await Promise.all(Array.from({ length: 1000 }, client))
  for (const [index, { socket }] of clients.entries())
    if (index % 2) socket.write(head(6, 10, 1000).subarray(0, index % 52))
  assertServes()
  assert.ok(lab.status().connections > 1000)
  for (const [index, { socket }] of clients.entries()) index % 3 ? socket.destroy() : socket.end()
  await eventually('their end', () => lab.status().connections === 1)
  assertServes()
})

test('what is no request is refused at once, whatever it is', async () => {
  const seed = Date.now() % 2 ** 31
  let state = seed
  const next = (limit: number): number => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0
    return (state >>> 8) % limit
  }
  for (let round = 0; round < 200; round++) {
    const { socket, closed } = await client()
    const noise = Buffer.from(Array.from({ length: 60 + next(3000) }, () => next(256)))
    socket.write(round % 2 ? noise : Buffer.concat([head(next(300), next(2 ** 25), next(2 ** 31), 'another'), noise]))
    assert.equal((await closed)[4], 3, `seed ${seed}`)
  }
  assertServes()
  assert.equal(lab.status().connections, 1)
})

test('those whose requests take up too much memory together are refused, and nobody else', async () => {
  const clients = await Promise.all(Array.from({ length: 12 }, client))
  for (const { socket } of clients) socket.write(Buffer.concat([head(6, 10, 2 ** 24), Buffer.alloc(15 * 2 ** 20)]))
  const refusal = await Promise.race(clients.map(({ closed }) => closed))
  assert.match(refusal.toString(), /no room for it/)
  for (const { socket } of clients) socket.destroy()
  await eventually('their end', () => lab.status().connections === 1)
  assertServes()
})

test('a request of another build is refused', async () => {
  const { socket, closed } = await client()
  socket.write(head(0, 0, 0, 'another'))
  assert.match((await closed).toString(), /of another build/)
})

test('a caller that has left its connection to a child is not taken for the process that has its number now', () => {
  const connect = `
    const socket = require('node:net').connect('${socketPath}', () => {
      const child = 'read go </run/go; cat /run/request >&3; cat <&3 >/run/answer'
      require('node:child_process')
        .spawn('sh', ['-c', child], { detached: true, stdio: ['ignore', 'ignore', 'ignore', socket] })
        .on('spawn', () => process.exit())
    })`
  const request = Buffer.concat([head(8, 0, 2), Buffer.from('loopback{}')])
  const script = `
    mount -t tmpfs none /run; mount -t tmpfs none /var/lib; mkfifo /run/go /run/answer
    echo ${request.toString('base64')} | base64 -d >/run/request
    ${executables}/patchbayd 2>/run/log & daemon=$!
    until [ -S ${socketPath} ]; do sleep 0.01; done
    "$NODE" -e "$CONNECT" & caller=$!
    wait $caller
    echo $((caller - 1)) >/proc/sys/kernel/ns_last_pid
    sleep 60 & [ $! = $caller ]
    echo >/run/go
    cat /run/answer
    kill $caller $daemon`
  const { stdout, stderr } = spawnSync(
    'unshare',
    ['--net', '--mount', '--pid', '--fork', '--mount-proc', '--kill-child', 'sh', '-ec', script],
    { encoding: 'utf8', env: { ...process.env, NODE: process.execPath, CONNECT: connect } },
  )
  assert.match(stdout, /the caller is gone$/, stderr)
})
