import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { attachment, errorText } from './fake-world.ts'

const sample = fileURLToPath(new URL('./sample-plugin.js', import.meta.url))

/** A plugin that hangs fails its test and is gone. */
const limit = { timeout: 30_000, killSignal: 'SIGKILL' } as const

function start(env: Record<string, string>) {
  return spawn(process.execPath, [sample], { env, stdio: ['pipe', 'pipe', 'pipe'], ...limit })
}

async function run(env: Record<string, string>, stdin: string) {
  const child = start(env)
  child.stdin.end(stdin)
  const [stdout, stderr, [status]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
  return { stdout, stderr, status }
}

test('runPlugin() prints one document, whatever the plugin logs', async () => {
  assert.deepEqual(await run(attachment('ADD'), '{"name":"net","cniVersion":"0.3.1"}'), {
    stdout: `{
    "cniVersion": "0.3.1",
    "ips": [
        {
            "version": "4",
            "address": "10.0.0.5/24"
        }
    ],
    "dns": {}
}`,
    stderr: 'a stray line\n',
    status: 0,
  })
})

test('runPlugin() sets the exit status, and reads a large configuration whole', async () => {
  const config = `{"name":"net","cniVersion":"1.0.0","x":"${'y'.repeat(1_000_000)}"}`
  assert.deepEqual(await run(attachment('CHECK'), config), {
    stdout: errorText(999, `config of ${config.length}`),
    stderr: '',
    status: 1,
  })
})

test('runPlugin() tells its version', async () => {
  const { stderr, stdout, status } = await run({}, '')
  assert.match(stderr, /^CNI sample plugin v0.0.1\n/)
  assert.deepEqual([stdout, status], ['', 0])
})

for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const)
  test(`runPlugin() aborts the signal on ${signal}`, async () => {
    const child = start(attachment('DEL'))
    child.stdin.end('{"name":"net"}')
    await once(child.stderr, 'data')
    child.kill(signal)
    const [stdout, [status]] = await Promise.all([text(child.stdout), once(child, 'close')])
    assert.deepEqual([stdout, status], [errorText(999, `Cannot finish "sample": terminated by ${signal}`), 1])
  })

test('runPlugin() ends at SIGTERM while its configuration has not come', async () => {
  const child = start(attachment('DEL'))
  child.stdin.write('{"name":"net"')
  // It reads: a write of more than a socket holds ends only then.
  await new Promise((resolve) => child.stdin.write(' '.repeat(2_000_000), resolve))
  child.kill('SIGTERM')
  assert.deepEqual(await once(child, 'exit'), [null, 'SIGTERM'])
  child.stdin.destroy()
})

test('runPlugin() says that its answer cannot be written', async () => {
  const stdio = ['ignore', openSync('/dev/full', 'w'), 'pipe'] as const
  const child = spawn(process.execPath, [sample], { env: { CNI_COMMAND: 'VERSION' }, stdio: [...stdio], ...limit })
  assert.ok(child.stderr)
  const [stderr, [status]] = await Promise.all([text(child.stderr), once(child, 'close')])
  assert.deepEqual([stderr, status], ['Cannot write to standard output: ENOSPC: no space left on device, write\n', 1])
})

test('runPlugin() refuses to act in its own namespace', async () => {
  const env = attachment('ADD', { CNI_NETNS: '/proc/self/ns/net' })
  const { stdout, stderr } = await run(env, '{"name":"net","cniVersion":"1.0.0"}')
  assert.equal(stdout, errorText(8, "plugin's netns and netns from CNI_NETNS should not be the same"))
  assert.equal(stderr, '')
})

test('runPlugin() runs delegates, whose standard error is its own', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'patchbay-'))
  try {
    const delegate = join(directory, 'delegate')
    writeFileSync(delegate, '#!/bin/sh\necho "$CNI_COMMAND $CNI_PATH" >&2; cat >&2\n')
    chmodSync(delegate, 0o755)
    const env = { ...attachment('GC', { CNI_PATH: directory }), PATH: '/bin:/usr/bin' }
    const config = '{"name":"net","cniVersion":"1.1.0"}'
    assert.deepEqual(await run(env, config), { stdout: '', stderr: `GC ${directory}\n${config}`, status: 0 })
  } finally {
    rmSync(directory, { recursive: true })
  }
})

/**
 * Starts the sample with a socket that does not block as standard input or output, and gives the other end. Node makes
 * the descriptors 0 to 2 of a child blocking, so it comes as 3 and a shell puts it in place.
 */
async function startOnSocket(redirection: string, command: string) {
  const directory = mkdtempSync(join(tmpdir(), 'patchbay-'))
  const server = createServer({ allowHalfOpen: true }).listen(join(directory, 'socket'))
  await once(server, 'listening')
  const accepted = once(server, 'connection')
  const near = connect(join(directory, 'socket'))
  const [far]: Socket[] = await accepted
  assert.ok(far)
  const script = `exec "$0" "$1" ${redirection}`
  const env = attachment(command)
  const child = spawn('/bin/sh', ['-c', script, process.execPath, sample], {
    env,
    stdio: ['pipe', 'pipe', 'inherit', near],
    ...limit,
  })
  near.destroy()
  server.close()
  rmSync(directory, { recursive: true })
  const { stdin, stdout } = child
  assert.ok(stdin && stdout)
  return { child, stdin, stdout, far }
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

test('runPlugin() waits for standard input that does not block', async () => {
  const { child, stdout, far } = await startOnSocket('<&3', 'CHECK')
  const config = `{"name":"net","cniVersion":"1.0.0","x":"${'y'.repeat(300_000)}"}`
  for (const part of [config.slice(0, 10), config.slice(10, 200_000), config.slice(200_000)]) {
    await pause(150)
    far.write(part)
  }
  far.end()
  const [printed] = await Promise.all([text(stdout), once(child, 'close')])
  assert.equal(printed, errorText(999, `config of ${config.length}`))
})

test('runPlugin() writes all of a result to standard output that does not block', async () => {
  const { stdin, far } = await startOnSocket('>&3', 'STATUS')
  far.pause()
  stdin.end('{"name":"net","cniVersion":"1.1.0"}')
  await pause(400)
  assert.equal(await text(far), errorText(999, 'x'.repeat(3_000_000)))
})
