import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { createInterface, type Interface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { sandboxCommand } from '#tools/sandbox'
import type { Answer, LaneOptions, Order, Times } from './protocol.ts'

/** A lane in a process and namespaces of its own. Lanes wait for their orders, so that only one of them runs at a time. */
export class LaneProcess {
  readonly options: LaneOptions
  readonly #child: ChildProcess
  readonly #lines: AsyncIterator<string>
  readonly #reader: Interface

  constructor(options: LaneOptions) {
    this.options = options
    const program = [bun(), fileURLToPath(new URL('lane.js', import.meta.url)), JSON.stringify(options)]
    const [command = '', ...args] = sandboxCommand(program)
    const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] })
    this.#child = child
    this.#reader = createInterface({ input: child.stdout })
    this.#lines = this.#reader[Symbol.asyncIterator]()
  }

  /** Throws Error when the lane cannot do it. */
  async run(order: Order): Promise<Times> {
    this.#child.stdin?.write(`${JSON.stringify(order)}\n`)
    const { value, done } = await this.#lines.next()
    if (done) throw new Error(`Cannot time "${this.options.name}": its process has ended`)
    const answer = parse(value)
    if ('error' in answer) throw new Error(`${this.options.name}: ${answer.error}`)
    return answer.times
  }

  close(): void {
    this.#child.stdin?.end()
    this.#reader.close()
  }
}

function parse(line: string): Answer {
  try {
    return JSON.parse(line)
  } catch {
    return { error: line }
  }
}

/** It starts a process in half the time that Node takes, which would be most of what the quickest plugins take. */
function bun(): string {
  const folder = dirname(createRequire(import.meta.url).resolve('bun/package.json'))
  return ['bun', 'bun.exe'].map((name) => join(folder, 'bin', name)).find((path) => existsSync(path)) ?? 'bun'
}
