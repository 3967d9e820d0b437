import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'

/** A file of an archive; one without content is a folder, unless it is a link. */
export interface ArchiveEntry {
  /** Without a slash in front. */
  readonly path: string
  readonly content?: Uint8Array
  /** What a symbolic link leads to. */
  readonly link?: string
}

const S_IFDIR = 0o040_000
const S_IFREG = 0o100_000
const S_IFLNK = 0o120_000
const ALIGNMENT = 4

/**
 * An archive as the kernel unpacks its first file system from: cpio, format "newc"
 * (Documentation/driver-api/early-userspace/buffer-format.rst). Folders come before what is in them.
 */
export function archive(entries: readonly ArchiveEntry[]): Buffer {
  const members = entries.map((entry, index) =>
    member(entry.path, {
      inode: index + 1,
      mode: typeOf(entry) | 0o755,
      content: entry.link === undefined ? (entry.content ?? new Uint8Array()) : Buffer.from(entry.link),
    }),
  )
  return Buffer.concat([...members, member('TRAILER!!!', { inode: 0, mode: 0, content: new Uint8Array() })])
}

function typeOf({ content, link }: ArchiveEntry): number {
  if (link !== undefined) return S_IFLNK
  return content === undefined ? S_IFDIR : S_IFREG
}

/** A folder's files with all folders that they are in, in the order that {@link archive} takes them in. */
export function entriesBelow(folder: string, at: string, { skip = /^$/ } = {}): ArchiveEntry[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry): ArchiveEntry[] => {
    const [file, path] = [join(folder, entry.name), join(at, entry.name)]
    if (skip.test(path)) return []
    if (entry.isDirectory()) return [{ path }, ...entriesBelow(file, path, { skip })]
    if (entry.isSymbolicLink()) return [{ path, link: readlinkSync(file) }]
    return [{ path, content: readFileSync(file) }]
  })
}

function member(path: string, { inode, mode, content }: { inode: number; mode: number; content: Uint8Array }): Buffer {
  const name = Buffer.from(`${path}\0`)
  const [owner, group, links, modified] = [0, 0, 1, 0]
  const devices = [0, 0, 0, 0]
  const checksum = 0
  const fields = [inode, mode, owner, group, links, modified, content.length, ...devices, name.length, checksum]
  const header = `070701${fields.map((field) => field.toString(16).padStart(8, '0')).join('')}`
  return Buffer.concat([padded(Buffer.concat([Buffer.from(header), name])), padded(content)])
}

function padded(bytes: Uint8Array): Buffer {
  return Buffer.concat([bytes, Buffer.alloc((ALIGNMENT - (bytes.length % ALIGNMENT)) % ALIGNMENT)])
}
