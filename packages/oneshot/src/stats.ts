const types = { fifo: 0o010000, characters: 0o020000, directory: 0o040000, file: 0o100000, link: 0o120000 } as const

/** `struct statx`, `<linux/stat.h>`: the same on every machine. */
class StatxView {
  protected readonly view: DataView

  constructor(bytes: Uint8Array) {
    this.view = new DataView(bytes.buffer)
  }

  #has(type: number): boolean {
    return (this.view.getUint16(0x1c, true) & 0o170000) === type
  }

  isFile(): boolean {
    return this.#has(types.file)
  }
  isDirectory(): boolean {
    return this.#has(types.directory)
  }
  isSymbolicLink(): boolean {
    return this.#has(types.link)
  }
  isFIFO(): boolean {
    return this.#has(types.fifo)
  }
  isCharacterDevice(): boolean {
    return this.#has(types.characters)
  }
}

/** What `stat` gives. */
export class Stats extends StatxView {
  get dev(): number {
    return deviceNumber(this.view)
  }
  get nlink(): number {
    return this.view.getUint32(0x10, true)
  }
  get uid(): number {
    return this.view.getUint32(0x14, true)
  }
  get gid(): number {
    return this.view.getUint32(0x18, true)
  }
  get mode(): number {
    return this.view.getUint16(0x1c, true)
  }
  get ino(): number {
    return Number(this.view.getBigUint64(0x20, true))
  }
  get size(): number {
    return Number(this.view.getBigUint64(0x28, true))
  }
  get atimeMs(): number {
    return this.#time(0x40)
  }
  get ctimeMs(): number {
    return this.#time(0x60)
  }
  get mtimeMs(): number {
    return this.#time(0x70)
  }
  get mtime(): Date {
    return new Date(this.mtimeMs)
  }

  #time(at: number): number {
    return Number(this.view.getBigInt64(at, true)) * 1000 + this.view.getUint32(at + 8, true) / 1e6
  }
}

/** What `stat` gives when it is asked for whole numbers of any size. */
export class BigIntStats extends StatxView {
  get dev(): bigint {
    return BigInt(deviceNumber(this.view))
  }
  get ino(): bigint {
    return this.view.getBigUint64(0x20, true)
  }
  get size(): bigint {
    return this.view.getBigUint64(0x28, true)
  }
  get ctimeNs(): bigint {
    return this.#time(0x60)
  }
  get mtimeNs(): bigint {
    return this.#time(0x70)
  }

  #time(at: number): bigint {
    return this.view.getBigInt64(at, true) * 1_000_000_000n + BigInt(this.view.getUint32(at + 8, true))
  }
}

/** As the C library's `makedev` puts the two numbers of a device into one, where both are as small as they are. */
function deviceNumber(view: DataView): number {
  const [major, minor] = [view.getUint32(0x88, true), view.getUint32(0x8c, true)]
  return (minor & 0xff) + (major & 0xfff) * 0x100 + (minor >>> 8) * 0x100000
}
