import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { after, before, test } from 'node:test'
import { bridgeConfig, DaemonLab, eventually, executables, socketPath } from '../lab/daemon-lab.ts'

let lab: DaemonLab
before(async () => {
  lab = await DaemonLab.open()
})
after(() => lab[Symbol.dispose]())

/** Has the daemon run with a limit on open files. */
async function restart(limit: number): Promise<void> {
  assert.equal(await lab.end(), '0')
  await lab.start('', `ulimit -n ${limit}`)
}

async function idleClients(count: number): Promise<Socket[]> {
  const sockets = Array.from({ length: count }, () => connect(lab.world.path(socketPath)))
  for (const socket of sockets) socket.on('error', () => undefined)
  await Promise.all(sockets.map((socket) => once(socket, 'connect')))
  return sockets
}

/** Attaches many at once and detaches them, and says what has failed. */
function storm(): string {
  const ids = Array.from({ length: 12 }, (_, index) => `s${index}`)
  const all = (command: string) => {
    const calls = ids.map((id) => `{ call ${command} ${id} ${id} || cat /run/out.${id}; } & p="$p $!"`)
    return `p=; ${calls.join('\n')}\n wait $p`
  }
  return lab.script(`${all('ADD')}\n${all('DEL')}`, bridgeConfig({ ipMasq: true }))
}

test('a daemon that may open too few files for a call lets shims do all calls, and says so', async () => {
  await restart(22)
  assert.match(lab.world.shell('cat /run/log'), /^Cannot serve any call: the limit on open files is too low/m)
  for (const command of ['ADD', 'DEL']) assert.equal(lab.call(command, bridgeConfig()).status, 0)
  assert.equal(storm(), '')
  const { finished, refused } = lab.status()
  assert.deepEqual(finished, {})
  assert.equal(refused, 26)
})

test('a daemon that may open few files serves few calls at once, and no call fails', async () => {
  await restart(130)
  assert.match(lab.world.shell('cat /run/log'), /^Cannot serve more than 1 calls of \d+ callers at once/m)
  assert.equal(storm(), '')
  assert.ok((lab.status().finished['ADD'] ?? 0) > 0)
})

test('beyond the limit on connections the status is answered, and calls are refused at once', async () => {
  await restart(130)
  const [, limit = ''] = /of (\d+) callers/.exec(lab.world.shell('cat /run/log')) ?? []
  const idle = await idleClients(Number(limit))
  await eventually('the connections', () => lab.status().connections === idle.length + 1)
  const started = performance.now()
  assert.equal(lab.call('ADD', bridgeConfig()).status, 0)
  assert.equal(lab.call('DEL', bridgeConfig()).status, 0)
  assert.ok(performance.now() - started < 5_000)
  const { finished, refused } = lab.status()
  assert.deepEqual([finished, refused], [{}, 2])
  // 16 more are for the status, which says what is wrong when they are taken, too.
  idle.push(...(await idleClients(16)))
  await eventually('the refusal', () => {
    const { status, stderr } = lab.world.run([`${executables}/patchbay`, 'status'])
    return status === 1 && /it is full|too many callers are connected/.test(stderr)
  })
  assert.equal(lab.call('ADD', bridgeConfig()).status, 0)
  for (const socket of idle) socket.destroy()
  await eventually('their end', () => lab.world.run([`${executables}/patchbay`, 'status']).status === 0)
  assert.equal(lab.call('DEL', bridgeConfig()).status, 0)
  assert.equal(lab.status().finished['DEL'], 1)
})
