import { Buffer } from './buffer.ts'
import { Emitter } from './emitter.ts'
import { closeSync, readSync, writeSync } from './fs.ts'
import { system } from './host.ts'
import { watch, watchWritable } from './loop.ts'

const O_NONBLOCK = 0o4000
const O_CLOEXEC = 0o2000000
/** `<linux/fcntl.h>` */
const F_SETFL = 4

/** The two ends of a pipe. */
export function openPipe(): { readEnd: number; writeEnd: number } {
  const ends = new Int32Array(2)
  system('pipe2', [new Uint8Array(ends.buffer), O_CLOEXEC], { syscall: 'spawn' })
  const [readEnd = -1, writeEnd = -1] = ends
  return { readEnd, writeEnd }
}

/** What a child writes: `data` with each piece, `close` when no more will come. */
export class ReadablePipe extends Emitter {
  readonly #fd: number
  readonly #unwatch: () => void
  #closed = false

  constructor(fd: number) {
    super()
    this.#fd = fd
    this.#unwatch = watch(fd, () => this.#read())
  }

  #read(): void {
    const buffer = Buffer.alloc(65_536)
    const size = readSync(this.#fd, buffer)
    if (size > 0) this.emit('data', buffer.subarray(0, size))
    else this.destroy()
  }

  destroy(): void {
    if (this.#closed) return
    this.#closed = true
    this.#unwatch()
    closeSync(this.#fd)
    this.emit('close')
  }
}

/** What a child reads: `error` when it reads no more. */
export class WritablePipe extends Emitter {
  readonly #fd: number
  #rest: Uint8Array = new Uint8Array()
  #unwatch: () => void = () => undefined
  #closed = false

  constructor(fd: number) {
    super()
    this.#fd = fd
    system('fcntl', [fd, F_SETFL, O_NONBLOCK])
  }

  /** Writes all of a text, as fast as it is read, and then closes. */
  end(text = ''): void {
    if (this.#closed) return
    this.#rest = Buffer.from(text)
    if (this.#rest.length === 0) this.destroy()
    else this.#unwatch = watchWritable(this.#fd, () => this.#write())
  }

  #write(): void {
    try {
      this.#rest = this.#rest.subarray(writeSync(this.#fd, this.#rest))
      if (this.#rest.length === 0) this.destroy()
    } catch (error) {
      this.destroy()
      this.emit('error', error)
    }
  }

  destroy(): void {
    if (this.#closed) return
    this.#closed = true
    this.#unwatch()
    closeSync(this.#fd)
  }
}
