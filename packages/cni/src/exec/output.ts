/** Collects what a process writes to one stream, up to a limit. */
export class Output {
  readonly #chunks: Uint8Array[] = []
  readonly #limit: number
  #size = 0
  #overflowed = false

  constructor(limit: number) {
    this.#limit = limit
  }

  /** True once more than the limit has come; what is beyond it has been dropped. */
  get overflowed(): boolean {
    return this.#overflowed
  }

  add(chunk: Uint8Array): void {
    const room = this.#limit - this.#size
    if (chunk.length > room) this.#overflowed = true
    if (room === 0) return
    const kept = chunk.subarray(0, room)
    this.#chunks.push(kept)
    this.#size += kept.length
  }

  text(): string {
    return Buffer.concat(this.#chunks).toString()
  }
}
