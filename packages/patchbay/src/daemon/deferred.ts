/** A promise that somebody else settles. It does not count as unhandled when nobody waits for it. */
export class Deferred {
  readonly promise: Promise<void>
  /** Once settled, or bound to another promise, it stays as it is. */
  readonly resolve: (as?: Promise<void>) => void
  readonly reject: (reason: unknown) => void

  constructor() {
    let settle: Pick<Deferred, 'resolve' | 'reject'> = { resolve: () => {}, reject: () => {} }
    this.promise = new Promise((resolve, reject) => {
      settle = { resolve, reject }
    })
    this.promise.catch(() => undefined)
    this.resolve = settle.resolve
    this.reject = settle.reject
  }
}
