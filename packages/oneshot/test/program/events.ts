import { execFile, spawn } from 'node:child_process'
import { closeSync, openSync, writeFileSync } from 'node:fs'
import { uptime } from 'node:os'
import type { Cases } from './answers.ts'

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

/** How a program ended, and what it wrote. */
function run(script: string, { input = '', signal }: { input?: string; signal?: AbortSignal } = {}): Promise<unknown> {
  return new Promise((resolve) => {
    const options = { env: { WORD: 'word' }, maxBuffer: 1 << 20, signal }
    const child = execFile('/bin/sh', ['-c', script], options, (error, stdout, stderr) =>
      resolve([error, stdout, stderr]),
    )
    child.stdin?.on('error', () => undefined)
    child.stdin?.end(input)
  })
}

/** The events of a process, in order. */
function follow(
  file: string,
  args: readonly string[],
  until: (child: ReturnType<typeof spawn>) => void = () => undefined,
) {
  return new Promise<unknown[]>((resolve) => {
    const events: unknown[] = []
    const child = spawn(file, args, { stdio: ['pipe', 'pipe', 'pipe'] })
    let [stdout, stderr] = ['', '']
    child.stdout?.on('data', (chunk: Uint8Array) => {
      stdout += Buffer.from(chunk).toString()
    })
    child.stderr?.on('data', (chunk: Uint8Array) => {
      stderr += Buffer.from(chunk).toString()
    })
    child.on('error', (error: Error) => {
      events.push(error)
      resolve(events)
    })
    child.on('exit', (...outcome: unknown[]) => void events.push(['exit', ...outcome]))
    child.on('close', (...outcome: unknown[]) => {
      events.push(['close', ...outcome], stdout, stderr)
      resolve(events)
    })
    child.stdin?.on('error', () => undefined)
    until(child)
    child.stdin?.end()
  })
}

export const eventCases: Cases = {
  'an error that nobody listens for is thrown': () => {
    const child = spawn('/bin/true', [])
    try {
      return child.emit('error', new Error('unheard'))
    } catch (error) {
      return error
    }
  },
  'timers come in the order in which they are due': async () => {
    const order: string[] = []
    setTimeout(() => order.push('20'), 20)
    setTimeout(() => order.push('5'), 5)
    setTimeout(() => order.push('5 again'), 5)
    const cleared = setTimeout(() => order.push('never'), 10)
    clearTimeout(cleared)
    setTimeout((...args: string[]) => void order.push(...args), 12, 'with', 'arguments')
    await pause(40)
    return order
  },
  'promises go on between two timers': async () => {
    const order: string[] = []
    setTimeout(() => {
      order.push('timer 1')
      queueMicrotask(() => order.push('microtask'))
    }, 5)
    setTimeout(() => order.push('timer 2'), 5)
    await pause(30)
    return order
  },
  'an immediate runs': () => new Promise((resolve) => setImmediate(() => resolve('ran'))),
  'performance.now goes forward': async () => {
    const before = performance.now()
    await pause(10)
    const passed = performance.now() - before
    return passed >= 9 && passed < 5000
  },
  'Atomics.wait pauses': () => {
    const before = performance.now()
    const outcome = Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10)
    return [outcome, performance.now() - before >= 9]
  },
  AbortController: () => {
    const controller = new AbortController()
    const seen: unknown[] = []
    controller.signal.addEventListener('abort', () => seen.push('once'), { once: true })
    const listener = () => seen.push('never')
    controller.signal.addEventListener('abort', listener)
    controller.signal.removeEventListener('abort', listener)
    const before = controller.signal.aborted
    controller.abort(new Error('reason'))
    controller.abort(new Error('later'))
    return [before, controller.signal.aborted, controller.signal.reason, seen]
  },
  'an aborted signal throws its reason': () => {
    const controller = new AbortController()
    controller.signal.throwIfAborted()
    controller.abort('why')
    controller.signal.throwIfAborted()
  },
  'the reason by default': () => {
    const controller = new AbortController()
    controller.abort()
    const { name, message } = controller.signal.reason
    return [name, message]
  },
  'AbortSignal.timeout and any': async () => {
    const [late, soon] = [new AbortController(), AbortSignal.timeout(5)]
    const any = AbortSignal.any([late.signal, soon])
    await pause(30)
    return [any.aborted, any.reason.name, any.reason.message, AbortSignal.any([any]).aborted, late.signal.aborted]
  },
  process: () => [
    process.platform,
    process.arch,
    process.pid > 1,
    process.env['HOME'],
    process.env['EMPTY'],
    process.env['MISSING'],
    uptime() > 0,
  ],
  'process.kill': () => [process.kill(process.pid, 0)],
  'process.kill of none': () => process.kill(2 ** 30, 'SIGKILL'),
  'what a program writes, and its status': () => run('cat; echo "$WORD-$HOME" >&2; exit 3', { input: 'input é' }),
  'a program that succeeds': () => run('printf a; printf b >&2'),
  'a program that is killed': () => run('kill -KILL $$'),
  'a program that reads nothing of much': () => run('exec 0<&-; echo done', { input: 'x'.repeat(1_000_000) }),
  'a program that reads and writes much': async () => {
    const [error, stdout] = (await run('head -c 900000 | tail -c 800000', { input: 'y'.repeat(1_000_000) })) as [
      Error,
      string,
    ]
    return [error, stdout.length]
  },
  'a program that writes too much': async () => {
    const [error] = (await run('head -c 2000000 /dev/zero')) as [NodeJS.ErrnoException]
    return [error.name, error.code]
  },
  'a program that takes too long for its caller': async () => {
    const controller = new AbortController()
    setTimeout(() => controller.abort(), 20)
    const [error] = (await run('sleep 5', { signal: controller.signal })) as [NodeJS.ErrnoException]
    return [error.name, error.code]
  },
  'a time limit': () =>
    new Promise((resolve) => {
      execFile('/bin/sleep', ['5'], { timeout: 20 }, (error, stdout) =>
        resolve([error?.killed, error?.signal, error?.code, stdout]),
      )
    }),
  'a program that is not there': () =>
    new Promise((resolve) => {
      execFile('/nowhere/program', [], {}, (error, stdout, stderr) => resolve([error, stdout, stderr]))
    }),
  'the events of a program': () => follow('/bin/sh', ['-c', 'echo out; echo err >&2; exit 7']),
  'the events of one that is killed': () => follow('/bin/sleep', ['9'], (child) => void child.kill('SIGTERM')),
  'the events of one that is not there': () => follow('/nowhere/program', ['x']),
  'the events of one that is no program': () => {
    writeFileSync('not-a-program', 'text', { mode: 0o644 })
    return follow('./not-a-program', [])
  },
  'a descriptor as standard input, and a session of its own': () =>
    new Promise((resolve) => {
      writeFileSync('input', 'from a file')
      const fd = openSync('input', 'r')
      const script = 'cat; test "$(cut -d" " -f6 /proc/$$/stat)" = $$ && echo " leads"'
      const child = spawn('/bin/sh', ['-c', script], { stdio: [fd, 'pipe', 'pipe'], detached: true })
      closeSync(fd)
      let stdout = ''
      child.stdout?.on('data', (chunk: Uint8Array) => {
        stdout += Buffer.from(chunk).toString()
      })
      child.on('close', (status: number) => resolve([status, stdout]))
    }),
  'many at once': () =>
    Promise.all(Array.from({ length: 12 }, (_, n) => run(`sleep 0.0${n % 4}; echo ${n}; exit ${n}`))),
  'a signal that is caught': async () => {
    let caught = 0
    const onTerm = () => {
      caught++
    }
    process.once('SIGTERM', onTerm)
    process.kill(process.pid, 'SIGTERM')
    for (let n = 0; n < 100 && caught === 0; n++) await pause(5)
    process.off('SIGTERM', onTerm)
    return caught
  },
}
