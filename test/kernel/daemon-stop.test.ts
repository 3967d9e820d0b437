import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { dirname } from 'node:path'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { bridgeConfig, DaemonLab, eventually, executables, socketPath } from '../lab/daemon-lab.ts'

/** Starts a call that goes on; resolves with what it printed and its status. */
function start(lab: DaemonLab, command: string, config: object, ifName = 'eth0') {
  const [nsenter, ...place] = lab.wrapper
  const shim = spawn(nsenter, [...place, `${executables}/bridge`], { env: lab.variables(command, { ifName }) })
  shim.stdin.end(JSON.stringify(config))
  let stdout = ''
  shim.stdout.on('data', (piece) => {
    stdout += piece
  })
  return new Promise<{ status: number | null; stdout: string }>((resolve) => {
    shim.on('close', (status) => resolve({ status, stdout }))
  })
}

/** An IPAM plugin that waits for the file /run/go. */
const waitingIpam = `echo >/run/begun
  while [ ! -e /run/go ]; do sleep 0.02; done
  [ "$CNI_COMMAND" = DEL ] || echo '{"cniVersion":"1.1.0","ips":[{"address":"10.9.0.2/24"}]}'`

const waiting = bridgeConfig({ ipam: { type: 'waiting-ipam' } })

test('a daemon that is told to stop finishes what has begun, refuses the rest, and goes in order', async () => {
  using lab = await DaemonLab.open()
  lab.install('waiting-ipam', waitingIpam)
  const running = start(lab, 'ADD', waiting)
  await eventually('the call', () => lab.world.run(['test', '-e', '/run/begun']).status === 0)
  // It is for the same container, so it waits; then it has to do without the daemon.
  const queued = start(lab, 'ADD', bridgeConfig({ bridge: 'br1', name: 'n2' }), 'eth1')
  await eventually('the queue', () => lab.status().waiting === 1)
  const end = lab.end()
  assert.equal((await queued).status, 0)
  lab.world.shell('touch /run/go')
  const { status, stdout } = await running
  assert.equal(status, 0, stdout)
  assert.equal(JSON.parse(stdout).ips[0].address, '10.9.0.2/24')
  assert.equal(await end, '0')
  assert.notEqual(lab.world.run(['test', '-e', socketPath]).status, 0)
})

test('SIGTERM during a DEL: it is finished, and so is the deletion', async () => {
  using lab = await DaemonLab.open()
  assert.equal(lab.call('ADD', bridgeConfig()).status, 0)
  const del = start(lab, 'DEL', bridgeConfig())
  await eventually('the DEL', () => lab.status().deletions.pending + (lab.status().finished['DEL'] ?? 0) > 0)
  assert.equal(await lab.end(), '0')
  assert.deepEqual(await del, { status: 0, stdout: '' })
  assert.equal(lab.world.shell('ip -br link show type veth; ip -n c1 -br link show type veth'), '')
  assert.equal(lab.world.shell('ls /var/lib/cni/networks/n1').includes('10.7.'), false)
})

test('a second signal ends the daemon at once, and the caller of an ADD is told to try again', async () => {
  using lab = await DaemonLab.open()
  lab.install('waiting-ipam', waitingIpam)
  const running = start(lab, 'ADD', waiting)
  await eventually('the call', () => lab.world.run(['test', '-e', '/run/begun']).status === 0)
  const { pid } = lab
  const end = lab.end()
  await delay(50)
  process.kill(pid, 'SIGTERM')
  assert.equal(await end, '1')
  const { status, stdout } = await running
  assert.equal(status, 1)
  assert.equal(JSON.parse(stdout).code, 11)
  lab.world.shell('touch /run/go')
})

test('DEL of a daemon that is killed in the middle is done by its shim', async () => {
  using lab = await DaemonLab.open()
  lab.install('waiting-ipam', `rm -f /run/go; ${waitingIpam}`)
  lab.world.shell('touch /run/go')
  assert.equal(lab.call('ADD', bridgeConfig()).status, 0)
  lab.install('waiting-ipam', waitingIpam)
  lab.world.shell('rm -f /run/go /run/begun')
  const running = start(lab, 'DEL', waiting)
  await eventually('the call', () => lab.world.run(['test', '-e', '/run/begun']).status === 0)
  assert.equal(await lab.end('SIGKILL'), '137')
  lab.world.shell('touch /run/go')
  assert.deepEqual(await running, { status: 0, stdout: '' })
  assert.equal(lab.world.shell('ip -br link show type veth'), '')
})

test('ADD of a daemon that is killed before it came to read the call is done by its shim', async () => {
  using lab = await DaemonLab.open()
  process.kill(lab.pid, 'SIGSTOP')
  const running = start(lab, 'ADD', bridgeConfig())
  // By then the shim waits for the answer.
  await delay(300)
  assert.equal(await lab.end('SIGKILL'), '137')
  const { status, stdout } = await running
  assert.equal(status, 0, stdout)
  assert.equal(lab.world.shell('ip -br link show type veth | wc -l').trim(), '1')
})

test('one daemon at a time listens on a socket, and one that was killed leaves no obstacle', async () => {
  using lab = await DaemonLab.open()
  const { status, stderr } = lab.world.run([`${executables}/patchbay`, 'daemon'])
  assert.equal(status, 1)
  assert.match(stderr, new RegExp(`Cannot listen on "${socketPath}": another daemon does, process ${lab.pid}`))
  assert.equal(lab.world.shell('ls -A /run/patchbay'), 'patchbay.sock\npatchbay.sock.lock\n')
  assert.equal(await lab.end('SIGKILL'), '137')
  assert.equal(lab.call('ADD', bridgeConfig()).status, 0)
  await lab.start()
  assert.equal(lab.call('DEL', bridgeConfig()).status, 0)
  assert.equal(lab.status().finished['DEL'], 1)
})

test('the socket is for root alone', async () => {
  using lab = await DaemonLab.open()
  assert.equal(lab.world.shell(`stat -c '%a %u' /run/patchbay ${socketPath}`), '700 0\n600 0\n')
})

test('a daemon that ends leaves nothing that it has made, and the directory that it was given', async () => {
  using lab = await DaemonLab.open()
  assert.equal(await lab.end(), '0')
  assert.notEqual(lab.world.run(['test', '-e', '/run/patchbay']).status, 0)
  for (const path of ['/run/given/x.sock', socketPath]) {
    const left = lab.world.shell(`mkdir ${dirname(path)}
      ${executables}/patchbayd --socket ${path} 2>/run/log & daemon=$!
      until ${executables}/patchbay status --socket ${path} >/run/status 2>&1; do sleep 0.05; done
      kill $daemon; wait $daemon; ls -A ${dirname(path)}`)
    assert.equal(left, '')
  }
})

test('a daemon makes no directory for a socket that it is told, and says which one is missing', async () => {
  using lab = await DaemonLab.open()
  lab.world.shell('echo >/run/file')
  for (const directory of ['/run/absent/deep', '/run/file', '/run/file/deep']) {
    const path = `${directory}/x.sock`
    const { status, stderr } = lab.world.run(['timeout', '20', `${executables}/patchbayd`, '--socket', path])
    const state = `"${directory}" is no directory; make it, or name another path by --socket`
    assert.deepEqual([status, stderr], [1, `Error: Cannot listen on "${path}": ${state}\n`])
  }
  assert.notEqual(lab.world.run(['test', '-e', '/run/absent']).status, 0)
})

test('patchbay status says that no daemon listens, and what to do', async () => {
  using lab = await DaemonLab.open()
  const remedy = 'start one with "patchbayd", or name its socket by --socket or PATCHBAY_SOCKET'
  const ask = (): string => lab.world.run([`${executables}/patchbay`, 'status']).stderr
  const nobody = `Error: Cannot reach a daemon on "${socketPath}": none listens there; ${remedy}\n`
  await lab.end('SIGKILL')
  assert.equal(ask(), nobody)
  lab.world.shell('rm -r /run/patchbay')
  assert.equal(ask(), nobody)
})

test('restarting the daemon in the middle of operations loses nothing', async () => {
  using lab = await DaemonLab.open()
  const work = `for round in 1 2 3; do
    for i in $(seq 20); do call ADD a$i e$i || echo "ADD: $(cat /run/out.a$i)" >>/run/failures & done
    wait
    for i in $(seq 20); do call DEL a$i e$i || echo "DEL: $(cat /run/out.a$i)" >>/run/failures & done
    wait
  done
  touch /run/finished`
  lab.script(`touch /run/failures; (${work}) >/dev/null 2>&1 &`)
  let restarts = 0
  while (lab.world.run(['test', '-e', '/run/finished']).status !== 0) {
    assert.equal(await lab.end(), '0')
    await lab.start()
    restarts++
  }
  assert.ok(restarts > 1)
  assert.equal(lab.world.shell('cat /run/failures'), '')
  assert.equal(lab.world.shell('ip -br link show type veth; ip -n c1 -br link show type veth'), '')
  assert.equal(lab.world.shell('ls /var/lib/cni/networks/n1').includes('10.7.'), false)
})

test('a daemon takes away nothing but a socket that nobody listens on', async () => {
  using lab = await DaemonLab.open()
  const serve = (path: string) => lab.world.run(['timeout', '20', `${executables}/patchbayd`, '--socket', path])
  lab.world.shell('echo kept >/run/file; ln -s /run/file /run/link; mkfifo /run/fifo; mkdir /run/folder')
  for (const name of ['file', 'link', 'fifo', 'folder']) {
    const { status, stderr } = serve(`/run/${name}`)
    assert.equal(status, 1)
    assert.match(stderr, new RegExp(`Cannot listen on "/run/${name}": it is no socket; `))
  }
  assert.equal(lab.world.shell('ls -A /run | grep lock || true'), '')
  assert.equal(lab.world.shell('cat /run/link; [ -p /run/fifo ] && [ -d /run/folder ] && echo all').trim(), 'kept\nall')
  // Of this daemon, but without its lock.
  lab.world.shell(`ln ${socketPath} /run/living`)
  assert.match(serve('/run/living').stderr, /Cannot listen on "\/run\/living": another program does$/m)
  assert.equal(lab.status().pid, lab.pid)
  await lab.end('SIGKILL')
  assert.equal(lab.world.run(['test', '-S', socketPath]).status, 0)
  await lab.start()
})
