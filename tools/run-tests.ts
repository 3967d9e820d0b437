import { once } from 'node:events'
import { run } from 'node:test'
import { inspect, parseArgs } from 'node:util'
import { isMain } from './check.ts'

/** What `run-tests` prints, one JSON object a line. */
export type TestEvent =
  | { readonly kind: 'pass'; readonly file: string; readonly name: string }
  | { readonly kind: 'skip'; readonly file: string; readonly name: string; readonly reason: string }
  | { readonly kind: 'fail'; readonly file: string; readonly name: string; readonly detail: string }
  | { readonly kind: 'cases'; readonly file: string; readonly count: number }
  | { readonly kind: 'output'; readonly file: string; readonly text: string }
  | { readonly kind: 'time'; readonly file: string; readonly seconds: number }

/** The last line: nothing was lost. */
export const endMark = '{"kind":"end"}'

interface Reported {
  readonly name: string
  readonly nesting: number
  readonly file?: string
  readonly skip?: string | boolean
  readonly todo?: string | boolean
  readonly details: { readonly type?: string; readonly error?: Error & { failureType?: string } }
}

/** As many as the smallest machine has cores. */
const concurrency = 2
const notSelected = /does not match pattern/

/** Turns the events of `node:test` into outcomes: one for each test, none for the suites around them. */
class Outcomes {
  readonly #names = new Map<string, string[]>()
  readonly #output = new Map<string, string>()
  readonly #filtered: boolean

  constructor({ filtered }: { filtered: boolean }) {
    this.#filtered = filtered
  }

  start({ file = '', name, nesting }: { file?: string; name: string; nesting: number }): void {
    const names = (this.#names.get(file) ?? []).slice(0, nesting)
    this.#names.set(file, [...names, name])
  }

  text({ file = '', message }: { file?: string; message: string }): void {
    this.#output.set(file, `${this.#output.get(file) ?? ''}${message}`)
  }

  pass(data: Reported): TestEvent | undefined {
    const { file = '', details } = data
    const name = this.#fullName(data)
    const reason = skipReason(data)
    if (reason !== undefined) return notSelected.test(reason) ? undefined : { kind: 'skip', file, name, reason }
    if (details.type === 'suite') return undefined
    if (data.name !== file) return { kind: 'pass', file, name }
    return this.#filtered ? undefined : { kind: 'fail', file, name, detail: 'has no tests' }
  }

  fail(data: Reported): TestEvent | undefined {
    const { file = '', details } = data
    if (details.error?.failureType === 'subtestsFailed') return undefined
    return { kind: 'fail', file, name: this.#fullName(data), detail: describeError(details.error) }
  }

  /** A test that tries many things says how many: `t.diagnostic('40 cases')`. */
  cases({ file = '', message }: { file?: string; message: string }): TestEvent | undefined {
    const count = /^(\d+) cases$/.exec(message)?.[1]
    return count === undefined ? undefined : { kind: 'cases', file, count: Number(count) }
  }

  /** What the files wrote. */
  *output(): Iterable<TestEvent> {
    for (const [file, text] of this.#output) yield { kind: 'output', file, text }
  }

  #fullName({ file = '', name, nesting }: Reported): string {
    const names = (this.#names.get(file) ?? []).slice(0, nesting)
    return name === file ? '' : [...names, name].join(' › ')
  }
}

function skipReason({ skip, todo }: Reported): string | undefined {
  if (typeof skip === 'string' && skip !== '') return skip
  if (skip !== undefined && skip !== false) return 'no reason given'
  return todo === undefined || todo === false ? undefined : `to do: ${todo}`
}

function describeError(error: Error | undefined): string {
  const cause = error?.cause
  const text = cause instanceof Error ? inspect(cause, { depth: 6 }) : (error?.message ?? 'failed')
  return text
    .split('\n')
    .filter((line) => !/^\s+at .*(?:node:internal\/|node:async_hooks)/.test(line))
    .join('\n')
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    options: { grep: { type: 'string' }, limit: { type: 'string', multiple: true } },
    allowPositionals: true,
  })
  const limits = values.limit ?? []
  const queue = positionals.entries()
  const worker = async (): Promise<void> => {
    for (const [index, file] of queue) await runFile(file, Number(limits[index]) * 1000, values.grep)
  }
  await Promise.all(Array.from({ length: concurrency }, worker))
  // A program that outlives its file has the pipe of that file's errors, which would keep this process waiting.
  process.stdout.write(`${endMark}\n`, () => process.exit())
}

/** Prints what becomes of a file that may take so many milliseconds. */
async function runFile(file: string, timeout: number, grep: string | undefined): Promise<void> {
  const started = performance.now()
  const print = (event: TestEvent | undefined): void => {
    if (event !== undefined) process.stdout.write(`${JSON.stringify(event)}\n`)
  }
  const outcomes = new Outcomes({ filtered: grep !== undefined })
  const patterns = grep === undefined ? {} : { testNamePatterns: [new RegExp(grep)] }
  const stream = run({ files: [file], concurrency: 1, timeout, ...patterns })
    .on('test:start', (data) => outcomes.start(data))
    .on('test:stdout', (data) => outcomes.text(data))
    .on('test:stderr', (data) => outcomes.text(data))
    .on('test:diagnostic', (data) => print(outcomes.cases(data)))
    .on('test:pass', (data) => print(outcomes.pass(data)))
    .on('test:fail', (data) => print(outcomes.fail(data)))
    .resume()
  await once(stream, 'end')
  for (const event of outcomes.output()) print(event)
  print({ kind: 'time', file, seconds: (performance.now() - started) / 1000 })
}

if (isMain(import.meta.url)) await main()
