import { Buffer } from './buffer.ts'
import { system } from './host.ts'

/** An entry of a directory, `<dirent.h> DT_*`. */
export class Dirent {
  readonly name: string
  readonly parentPath: string
  readonly #type: number

  constructor(name: string, parentPath: string, type: number) {
    this.name = name
    this.parentPath = parentPath
    this.#type = type
  }

  isFile(): boolean {
    return this.#type === 8
  }
  isDirectory(): boolean {
    return this.#type === 4
  }
  isSymbolicLink(): boolean {
    return this.#type === 10
  }
}

/** `struct linux_dirent64`, getdents64(2). */
export function* direntsOf(fd: number, path: string): Generator<Dirent> {
  const buffer = Buffer.alloc(32768)
  const view = new DataView(buffer.buffer)
  for (;;) {
    const size = system('getdents64', [fd, buffer, buffer.length], { syscall: 'scandir', path })
    if (size === 0) return
    for (let at = 0; at < size; at += view.getUint16(at + 16, true)) {
      const start = at + 19
      const name = buffer.toString('utf8', start, buffer.indexOf(0, start))
      if (name !== '.' && name !== '..') yield new Dirent(name, path, buffer[at + 18] ?? 0)
    }
  }
}
