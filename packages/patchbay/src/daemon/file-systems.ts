import { statfs } from 'node:fs/promises'
import { dirname } from 'node:path'

/** File systems whose files are with a server or a program, which may not answer: `<linux/magic.h>`, and their own headers. */
const magic = new Map([
  [0x00_00_01_87, 'autofs'],
  [0x00_00_69_69, 'nfs'],
  [0x00_00_51_7b, 'smb'],
  [0xfe_53_4d_42, 'smb2'],
  [0xff_53_4d_42, 'cifs'],
  [0x65_73_55_46, 'fuse'],
  [0x01_02_19_97, '9p'],
  [0x53_46_41_4f, 'afs'],
  [0x6b_41_46_53, 'kafs'],
  [0x73_75_72_45, 'coda'],
  [0x00_c3_64_00, 'ceph'],
  [0x0b_d0_0b_d0, 'lustre'],
  [0x01_16_19_70, 'gfs2'],
  [0x74_61_63_6f, 'ocfs2'],
  [0x20_03_05_28, 'orangefs'],
  [0x78_6f_42_56, 'vboxsf'],
])

/** How long a file system may take to tell what it is. */
const LOOK_MS = 1000
/** What is known is found out again after this time, while calls go on by what is known. */
const FRESH_MS = 10_000
/** Many more directories than one host has. */
const MOST_PATHS = 1024

interface Known {
  readonly refusal: string | undefined
  readonly at: number
}

/**
 * What is known of the file systems that calls use. The thread that serves all calls reads and writes their files itself, so
 * that it must stay away from those that may not answer.
 */
export class FileSystems {
  readonly #typeOf: (path: string) => Promise<number>
  readonly #known = new Map<string, Known>()
  #last: Promise<unknown> = Promise.resolve()
  /** Set while a file system does not answer: one thread of the pool waits for it, and there are few. */
  #isStuck = false

  constructor(typeOf = typeOfFileSystem) {
    this.#typeOf = typeOf
  }

  /** Whether {@link refusal} knows about all of these paths. What is known for long is looked at again meanwhile. */
  isKnown(paths: readonly string[]): boolean {
    const limit = performance.now() - FRESH_MS
    let isKnown = true
    for (const path of paths) {
      const known = this.#known.get(path)
      if (known === undefined) isKnown = false
      else if (known.at < limit && !this.#isStuck) void this.#look(path)
    }
    return isKnown
  }

  /** Finds out about paths that are not known. Takes a second a path at most, and never rejects. */
  async learn(paths: readonly string[]): Promise<void> {
    for (const path of paths) if (!this.#known.has(path)) await this.#look(path)
  }

  /** Why a daemon should leave these paths alone; `undefined` when they are on file systems of this machine. */
  refusal(paths: readonly string[]): string | undefined {
    for (const path of paths) {
      const known = this.#known.get(path)
      if (known === undefined) return `nothing is known of the file system of "${path}"`
      if (known.refusal !== undefined) return known.refusal
    }
    return undefined
  }

  #look(path: string): Promise<void> {
    // Nothing else is looked at again meanwhile.
    const known = this.#known.get(path)
    if (known) this.#known.set(path, { ...known, at: Number.POSITIVE_INFINITY })
    const look = this.#last.then(() => this.#lookNow(path))
    this.#last = look
    return look
  }

  async #lookNow(path: string): Promise<void> {
    const known = this.#known.get(path)
    if (this.#isStuck) {
      if (known) this.#set(path, known.refusal)
      return
    }
    this.#isStuck = true
    const answer = this.#typeOf(path)
      .then((type) => refusalOf(path, type))
      .catch(() => undefined)
      .then((refusal) => {
        this.#isStuck = false
        this.#set(path, refusal)
      })
    if (await isDoneWithin(LOOK_MS, answer)) return
    this.#set(path, `the file system of "${path}" does not answer`)
  }

  #set(path: string, refusal: string | undefined): void {
    if (this.#known.size >= MOST_PATHS) this.#known.clear()
    this.#known.set(path, { refusal, at: performance.now() })
  }
}

function refusalOf(path: string, type: number): string | undefined {
  const name = magic.get(type >>> 0)
  return name === undefined ? undefined : `"${path}" is on a file system that may not answer (${name})`
}

/** The type of the file system that a path is on, or will be on once it is made. */
async function typeOfFileSystem(path: string): Promise<number> {
  for (let at = path; ; at = dirname(at)) {
    try {
      return (await statfs(at)).type
    } catch (error) {
      const isMissing = error instanceof Error && 'code' in error && error.code === 'ENOENT'
      if (!isMissing || at === dirname(at)) throw error
    }
  }
}

async function isDoneWithin(ms: number, work: Promise<void>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(resolve, ms, false)
  })
  try {
    return await Promise.race([work.then(() => true), late])
  } finally {
    clearTimeout(timer)
  }
}
