import { glyphsOf, paint, type Terminal } from './terminal.ts'

const NAME_WIDTH = 26
const TIME_WIDTH = 10

/** Ends a demo that cannot go on; what failed has been told. */
export class StepFailed extends Error {
  override readonly name = 'StepFailed'
}

/** Prints the steps of a demo as the rows of a table, and counts them. */
export class Journal {
  readonly #terminal: Terminal
  readonly #print: (line: string) => void
  #passed = 0
  #failed = 0

  constructor(terminal: Terminal, print: (line: string) => void) {
    this.#terminal = terminal
    this.#print = print
  }

  get failed(): number {
    return this.#failed
  }

  /** `12 passed, 0 failed` */
  get summary(): string {
    return `${this.#passed} passed, ${this.#failed} failed`
  }

  line(text = ''): void {
    this.#print(text)
  }

  /** Counts something that is shown elsewhere. */
  count(passed: boolean): void {
    if (passed) this.#passed++
    else this.#failed++
  }

  /** Counts and tells of an error outside of any step. */
  fail(error: unknown): void {
    this.count(false)
    this.#print(paint(this.#terminal, 'red', error instanceof Error ? error.message : String(error)))
  }

  /**
   * Does a step and prints how long it took, with what `detail` says of its outcome.
   *
   * @throws StepFailed when it fails
   */
  async step<T>(name: string, work: () => Promise<T> | T, detail: (value: T) => string = () => ''): Promise<T> {
    const started = performance.now()
    try {
      const value = await work()
      this.#row({ passed: true, name, ms: performance.now() - started, detail: detail(value) })
      return value
    } catch (error) {
      const [first = '', ...more] = (error instanceof Error ? error.message : String(error)).trim().split('\n')
      this.#row({ passed: false, name, ms: performance.now() - started, detail: first })
      for (const line of more) this.#print(`   ${line}`)
      throw new StepFailed(name, { cause: error })
    }
  }

  /** Looks for what should not be there; finding something is a failure, but no reason to stop. */
  async proveEmpty(
    name: string,
    look: () => Promise<readonly string[]> | readonly string[],
    where: string,
  ): Promise<void> {
    const find = async (): Promise<void> => {
      const found = await look()
      if (found.length > 0) throw new Error(found.join(', '))
    }
    await this.step(name, find, () => where).catch((error: unknown) => {
      if (!(error instanceof StepFailed)) throw error
    })
  }

  #row({ passed, name, ms, detail }: { passed: boolean; name: string; ms: number; detail: string }): void {
    this.count(passed)
    const { passed: tick, failed: cross } = glyphsOf(this.#terminal)
    const mark = passed ? paint(this.#terminal, 'green', tick) : paint(this.#terminal, 'red', cross)
    const time = paint(this.#terminal, 'dim', `${ms.toFixed(1)} ms`.padStart(TIME_WIDTH))
    this.#print(`${mark} ${name.padEnd(NAME_WIDTH)}${time}  ${detail}`.trimEnd())
  }
}
