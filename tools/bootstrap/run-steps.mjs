import { spawn } from 'node:child_process'
import { constants, setPriority } from 'node:os'

/**
 * Runs steps side by side, each as soon as those that it needs are done. Prints a line with its time for each; on a
 * terminal also what is running. The first step that fails ends the others.
 *
 * @param steps by name: `command`, the program and its arguments; `needs`, names of other steps (those that are not there are
 * taken as done); `first`, whether others wait longest for it: the rest yields the processor to it
 * @returns `undefined`, or why a step failed and what it wrote
 */
export async function runSteps(steps, cwd) {
  const names = Object.keys(steps)
  const waiting = new Set(names)
  const running = new Map()
  const display = liveLine(running)
  const release = endWithParent(running)
  try {
    while (waiting.size + running.size > 0) {
      const isDone = (need) => !waiting.has(need) && !running.has(need)
      for (const name of [...waiting].filter((each) => steps[each].needs.every(isDone))) {
        waiting.delete(name)
        running.set(name, start(name, steps[name], cwd))
      }
      const { name, failure, seconds } = await Promise.race([...running.values()].map(({ ended }) => ended))
      running.delete(name)
      if (failure !== undefined) return failure
      display.print(`${name.padEnd(24)} ${seconds.toFixed(1)} s`)
    }
  } finally {
    display.end()
    release()
    endAll(running)
  }
}

function start(name, { command, first = false }, cwd) {
  const started = performance.now()
  const [program, ...args] = command
  // A process group of its own, so that what it starts ends with it.
  const child = spawn(program, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'], detached: true })
  if (!first && child.pid !== undefined) setPriority(child.pid, constants.priority.PRIORITY_BELOW_NORMAL)
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (output += text))
  const ended = new Promise((resolve) => {
    const end = (status, error) => {
      const seconds = (performance.now() - started) / 1000
      const wrote = `${output}${error ? `${error.message}\n` : ''}`
      const failure = status === 0 ? undefined : `${wrote}\nCannot ${name}: ${command.join(' ')} failed, see above`
      resolve({ name, seconds, failure })
    }
    child.on('error', (error) => end(1, error)).on('close', (status) => end(status))
  })
  return { child, started, ended }
}

function endAll(running) {
  for (const { child } of running.values()) {
    try {
      process.kill(-child.pid)
    } catch {
      // It ended just now, or never began.
    }
  }
}

/** What a terminal's Ctrl-C ends are the processes of its own group only. */
function endWithParent(running) {
  const statuses = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 }
  const listeners = Object.entries(statuses).map(([signal, status]) => {
    const listener = () => {
      endAll(running)
      process.exit(status)
    }
    process.once(signal, listener)
    return [signal, listener]
  })
  return () => {
    for (const [signal, listener] of listeners) process.off(signal, listener)
  }
}

/** The last line of a terminal says what is running, and for how long. */
function liveLine(running) {
  if (!process.stdout.isTTY || process.env.TERM === 'dumb') return { print: (line) => console.log(line), end: () => {} }
  const clear = '\r\u001b[K'
  const draw = () => {
    const each = [...running].map(
      ([name, { started }]) => `${name} ${Math.floor((performance.now() - started) / 1000)} s`,
    )
    process.stdout.write(`${clear}${each.join(', ').slice(0, (process.stdout.columns ?? 80) - 1)}`)
  }
  const timer = setInterval(draw, 200)
  return {
    print: (line) => process.stdout.write(`${clear}${line}\n`),
    end: () => {
      clearInterval(timer)
      process.stdout.write(clear)
    },
  }
}
