import assert from 'node:assert/strict'
import {
  chmodSync,
  closeSync,
  copyFileSync,
  existsSync,
  openSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { type ExecOptions, processExecutor } from '../../src/exec/index.ts'
import { isCniError } from '../../src/types/index.ts'
import { scratch, script } from '../testing/scratch.ts'

const env = { PATH: process.env['PATH'] }

interface Run extends ExecOptions {
  stdin?: string
  env?: Record<string, string>
  signal?: AbortSignal
}

/** Runs a shell script as a plugin; returns its output and what was forwarded of its standard error. */
async function run(t: TestContext, body: string, { stdin = '', signal, env: more, ...options }: Run = {}) {
  const path = script(join(scratch(t), 'plugin'), body)
  let stderr = ''
  const executor = processExecutor({ stderr: (text) => (stderr += text), ...options })
  const call = { stdin, env: { ...env, ...more }, ...(signal ? { signal } : {}) }
  const stdout = await executor
    .run(path, call)
    .catch((error: unknown) => Promise.reject(Object.assign(error as Error, { forwarded: stderr })))
  return { stdout, stderr }
}

/** Asserts the code-0 error with which a script that fails is reported. */
async function failsWith(t: TestContext, body: string, message: string): Promise<void> {
  await assert.rejects(run(t, body), (error) => {
    assert.ok(isCniError(error), String(error))
    assert.deepEqual([error.message, error.code], [message, 0])
    return true
  })
}

test('run() hands on stdin and environment and returns stdout', async (t) => {
  const stdin = '{"name":"ü€😀"}\n'.repeat(20_000)
  assert.deepEqual(await run(t, 'cat; echo "$CNI_X"; echo warning >&2', { stdin, env: { CNI_X: 'a b' } }), {
    stdout: `${stdin}a b\n`,
    stderr: 'warning\n',
  })
})

test('run() gives no variable of its own process to the plugin', async (t) => {
  process.env['CNI_LEAK'] = '1'
  t.after(() => delete process.env['CNI_LEAK'])
  assert.equal((await run(t, 'echo "[$CNI_LEAK]"')).stdout, '[]\n')
})

test('run() gives a plugin a standard input that it can open again', async (t) => {
  const body = 'cat /dev/stdin'
  assert.equal((await run(t, body, { stdin: '{"a":1}' })).stdout, '{"a":1}')
})

test('run() leaves no descriptor open', async (t) => {
  const count = () => readdirSync('/proc/self/fd').length
  await run(t, 'true')
  const before = count()
  for (let i = 0; i < 5; i++) await run(t, 'cat >/dev/null; echo x; echo y >&2', { stdin: 'x' })
  // Some runtimes close a little later.
  for (let i = 0; i < 100 && count() > before; i++) await sleep(10)
  assert.ok(count() <= before, `${count()} descriptors, ${before} before`)
})

test('run() does not mind a plugin that closes or never reads its input', async (t) => {
  const stdin = 'x'.repeat(1_000_000)
  assert.equal((await run(t, 'exec <&-; echo done', { stdin })).stdout, 'done\n')
  assert.equal((await run(t, 'echo done', { stdin })).stdout, 'done\n')
})

test('run() rejects with the error that the plugin printed', async (t) => {
  const body = `echo '{"code":11,"msg":"busy","details":"again","cniVersion":"1.1.0"}'; echo log >&2; exit 1`
  await assert.rejects(run(t, body), { name: 'CniError', code: 11, msg: 'busy', details: 'again', forwarded: '' })
  await assert.rejects(run(t, 'echo "{}"; exit 1'), { name: 'CniError', code: 0, message: '' })
})

test('run() describes a plugin that failed without printing an error, in the words of the reference', async (t) => {
  await failsWith(t, 'exit 1', 'netplugin failed with no error message: exit status 1')
  await failsWith(t, 'exit 3', 'netplugin failed with no error message: exit status 3')
  await failsWith(t, 'kill -KILL $$', 'netplugin failed with no error message: signal: killed')
  await failsWith(t, 'kill -TERM $$', 'netplugin failed with no error message: signal: terminated')
  await failsWith(
    t,
    `printf 'a "b"\\t\\\\ \\001 \\303\\251 \\342\\200\\250\\n' >&2; exit 2`,
    'netplugin failed: "a \\"b\\"\\t\\\\ \\x01 é \\u2028\\n"',
  )
  await failsWith(
    t,
    'echo "not json"; echo log >&2; exit 1',
    `netplugin failed but error parsing its diagnostic message "not json\\n": invalid character 'o' in literal null (expecting 'u')`,
  )
  await failsWith(
    t,
    `echo '{"code":"x"}'; exit 1`,
    `netplugin failed but error parsing its diagnostic message "{\\"code\\":\\"x\\"}\\n": json: cannot unmarshal string into Go struct field Error.code of type uint`,
  )
})

test('run() describes a plugin that cannot be started', async (t) => {
  const directory = scratch(t, {
    plain: '{}',
    empty: '',
    zeroed: '\0'.repeat(4096),
    foreign: '#!/nonexistent/interpreter\n',
  })
  const reasons = {
    missing: 'no such file or directory',
    plain: 'permission denied',
    empty: 'exec format error',
    zeroed: 'exec format error',
    foreign: 'no such file or directory',
    '': 'permission denied',
  }
  for (const name of ['empty', 'zeroed', 'foreign']) chmodSync(join(directory, name), 0o755)
  for (const [name, reason] of Object.entries(reasons)) {
    const path = join(directory, name)
    const msg = `netplugin failed with no error message: fork/exec ${path}: ${reason}`
    const foreign = `Cannot run "${path}": it is no executable for this machine and has no "#!" line`
    const details = reason === 'exec format error' ? foreign : ''
    const failure = { name: 'CniError', code: 0, msg, details }
    await assert.rejects(processExecutor().run(path, { stdin: '', env }), failure, name)
  }
})

test('run() does not let a shell run text that is no program', async (t) => {
  const path = join(scratch(t, { plugin: 'echo {}\n' }), 'plugin')
  chmodSync(path, 0o755)
  await assert.rejects(processExecutor().run(path, { stdin: '', env }), /: exec format error; Cannot run /)
})

test('run() looks a path without a slash up in the current directory, not in PATH', async (t) => {
  const message = 'netplugin failed with no error message: fork/exec true: no such file or directory'
  await assert.rejects(processExecutor().run('true', { stdin: '', env }), { message })
  const cwd = process.cwd()
  t.after(() => process.chdir(cwd))
  process.chdir(scratch(t))
  script('true', 'echo here')
  assert.equal(await processExecutor().run('true', { stdin: '', env }), 'here\n')
})

test('run() forwards stderr of a plugin that fails only when told to, and then as it comes', async (t) => {
  const body = 'echo first >&2; echo "{}"; exit 1'
  await assert.rejects(run(t, body), { forwarded: '' })
  await assert.rejects(run(t, body, { forward: 'always' }), { forwarded: 'first\n' })
  assert.equal((await run(t, 'echo once >&2', { forward: 'always' })).stderr, 'once\n')
  const directory = scratch(t)
  await run(t, `echo ready >&2; until [ -e ${directory}/go ]; do sleep 0.01; done`, {
    forward: 'always',
    stderr: () => writeFileSync(join(directory, 'go'), ''),
  })
})

test('run() tries a plugin that is being written again, and starts it once it can', async (t) => {
  const path = join(scratch(t), 'plugin')
  copyFileSync('/bin/echo', path)
  const writer = openSync(path, 'r+')
  setTimeout(() => closeSync(writer), 120)
  const started = Date.now()
  assert.equal(await processExecutor({ retryDelayMs: 50 }).run(path, { stdin: '', env }), '\n')
  assert.ok(Date.now() - started >= 100)
})

test('run() gives a plugin that is being written up after six attempts', async (t) => {
  const path = join(scratch(t), 'plugin')
  copyFileSync('/bin/echo', path)
  const writer = openSync(path, 'r+')
  t.after(() => closeSync(writer))
  const { mock } = t.mock.method(globalThis, 'setTimeout')
  const message = `netplugin failed with no error message: fork/exec ${path}: text file busy`
  await assert.rejects(processExecutor({ retryDelayMs: 17 }).run(path, { stdin: '', env }), { code: 0, message })
  const waits = mock.calls.filter(({ arguments: [, ms] }) => ms === 17)
  assert.equal(waits.length, 5)
})

test('run() can be aborted between attempts', async (t) => {
  const path = join(scratch(t), 'plugin')
  copyFileSync('/bin/echo', path)
  const writer = openSync(path, 'r+')
  t.after(() => closeSync(writer))
  const signal = AbortSignal.timeout(50)
  await assert.rejects(processExecutor().run(path, { stdin: '', env, signal }), { name: 'TimeoutError' })
})

test('run() kills the plugin and what it started when the signal is aborted', async (t) => {
  const directory = scratch(t)
  const body = `sh -c 'trap "" TERM; echo $$ >${directory}/child; sleep 60' & echo $$ >${directory}/parent; wait`
  const controller = new AbortController()
  const running = run(t, body, { signal: controller.signal })
  while (!(existsSync(`${directory}/child`) && existsSync(`${directory}/parent`))) await sleep(10)
  await sleep(20)
  const reason = new Error('enough')
  controller.abort(reason)
  await assert.rejects(running, (error) => error === reason)
  for (const name of ['parent', 'child']) {
    const pid = readFileSync(`${directory}/${name}`, 'utf8').trim()
    for (let i = 0; i < 100 && isRunning(pid); i++) await sleep(10)
    assert.equal(isRunning(pid), false, `${name} ${pid}`)
  }
})

test('run() kills a delegate alone, in the group of its caller', async (t) => {
  const directory = scratch(t)
  const body = `sleep 60 & echo $! $$ $(ps -o pgid= -p $$) >${directory}/pids; wait`
  const controller = new AbortController()
  const running = run(t, body, { signal: controller.signal, group: 'caller' })
  while (!(existsSync(`${directory}/pids`) && readFileSync(`${directory}/pids`, 'utf8').endsWith('\n'))) await sleep(10)
  controller.abort()
  await assert.rejects(running, { name: 'AbortError' })
  const [child = '', plugin = '', group = ''] = readFileSync(`${directory}/pids`, 'utf8').trim().split(' ')
  assert.deepEqual([isRunning(child), isRunning(plugin)], [true, false])
  process.kill(Number(child))
  assert.notEqual(group, plugin)
})

test('run() starts nothing when the signal is aborted already', async (t) => {
  const directory = scratch(t)
  const running = run(t, `touch ${directory}/ran`, { signal: AbortSignal.abort(new Error('before')) })
  await assert.rejects(running, { message: 'before' })
  assert.equal(existsSync(`${directory}/ran`), false)
})

test('run() returns when the plugin has ended, even if a child keeps the streams open', async (t) => {
  const pidFile = join(scratch(t), 'pid')
  const { stdout } = await run(t, `sleep 60 & echo $! >${pidFile}; head -c 300000 /dev/zero | tr '\\0' x; exit 0`)
  process.kill(Number(readFileSync(pidFile, 'utf8')))
  assert.equal(stdout, 'x'.repeat(300_000))
})

test('run() returns when the plugin has ended, even if a child goes on writing', async (t) => {
  const leave = (command: string) => `sh -c '${command}' & echo mine; exit 0`
  const started = Date.now()
  const { stdout } = await run(t, leave('while sleep 0.02; do echo log >&2 || exit; done'), { forward: 'always' })
  assert.equal(stdout, 'mine\n')
  assert.ok(Date.now() - started < 10_000)
  await assert.rejects(run(t, leave('sleep 0.1; cat /dev/zero')), /more than 16777216 bytes/)
})

test('run() kills a plugin that prints without end, and keeps a limited part of its stderr', async (t) => {
  await assert.rejects(run(t, 'cat /dev/zero'), {
    name: 'CniError',
    message: /^Cannot run plugin ".*": more than 16777216 bytes of output$/,
  })
  assert.equal((await run(t, 'head -c 16777216 /dev/zero')).stdout.length, 16777216)
  const { stdout, stderr } = await run(t, 'head -c 3000000 /dev/zero >&2; echo ok')
  assert.deepEqual([stdout, stderr.length], ['ok\n', 1024 * 1024])
})

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

/** A process that has been killed but not waited for yet is not running. */
function isRunning(pid: string): boolean {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}
