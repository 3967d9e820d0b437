import * as fs from './fs.ts'

/** `node:fs/promises`: a plugin does one thing after another, so nothing is gained by leaving this thread. */

// biome-ignore lint/suspicious/noExplicitAny: the parameters of whichever function is given
function promising<A extends any[], R>(call: (...args: A) => R): (...args: A) => Promise<R> {
  return async (...args) => call(...args)
}

export const mkdir = promising(fs.mkdirSync)
export const readdir = promising(fs.readdirSync as (path: string) => string[])
export const readFile = promising(fs.readFileSync as (path: string, encoding?: 'utf8') => string)
export const rename = promising(fs.renameSync)
export const stat = promising(fs.statSync as (path: string) => fs.Stats)
export const unlink = promising(fs.unlinkSync)
export const writeFile = promising(fs.writeFileSync)

class FileHandle {
  readonly fd: number

  constructor(fd: number) {
    this.fd = fd
  }

  async stat(): Promise<fs.Stats> {
    return fs.fstatSync(this.fd)
  }

  async read(buffer: Uint8Array, offset: number, length: number, position: null): Promise<{ bytesRead: number }> {
    return { bytesRead: fs.readSync(this.fd, buffer, offset, length, position) }
  }

  async writeFile(data: string | Uint8Array): Promise<void> {
    fs.writeFileSync(this.fd, data)
  }

  async sync(): Promise<void> {
    fs.fsyncSync(this.fd)
  }

  async datasync(): Promise<void> {
    fs.fdatasyncSync(this.fd)
  }

  async close(): Promise<void> {
    fs.closeSync(this.fd)
  }
}

export async function open(path: string, flags?: string | number, mode?: number): Promise<FileHandle> {
  return new FileHandle(fs.openSync(path, flags, mode))
}
