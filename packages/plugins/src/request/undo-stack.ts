import { messageOf } from './error-message.ts'

/**
 * Steps that take back what has been done, run in reverse order unless everything went well: `await using` it, and
 * {@link keep} what was made at the end. A step that fails does not stop the others; it is reported to `warn`, since
 * the error that led here is the one the caller must see.
 */
export class UndoStack implements AsyncDisposable {
  readonly #steps: { what: string; undo: () => Promise<void> | void }[] = []
  readonly #warn: (line: string) => void

  constructor(warn: (line: string) => void) {
    this.#warn = warn
  }

  /** @param what names the step in a warning: `delete link "veth12ab"` */
  push(what: string, undo: () => Promise<void> | void): void {
    this.#steps.push({ what, undo })
  }

  /** Everything went well: nothing is taken back. */
  keep(): void {
    this.#steps.length = 0
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (let step = this.#steps.pop(); step; step = this.#steps.pop()) {
      try {
        await step.undo()
      } catch (error) {
        this.#warn(`Cannot undo "${step.what}": ${messageOf(error)}`)
      }
    }
  }
}
