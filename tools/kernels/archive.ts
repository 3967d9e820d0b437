/** A file of an archive; one without content is a folder. */
export interface ArchiveEntry {
  /** Without a slash in front. */
  readonly path: string
  readonly content?: Uint8Array
}

const S_IFDIR = 0o040_000
const S_IFREG = 0o100_000
const ALIGNMENT = 4

/**
 * An archive as the kernel unpacks its first file system from: cpio, format "newc"
 * (Documentation/driver-api/early-userspace/buffer-format.rst). Folders come before what is in them.
 */
export function archive(entries: readonly ArchiveEntry[]): Buffer {
  const members = entries.map(({ path, content }, index) =>
    member(path, {
      inode: index + 1,
      mode: content === undefined ? S_IFDIR | 0o755 : S_IFREG | 0o755,
      content: content ?? new Uint8Array(),
    }),
  )
  return Buffer.concat([...members, member('TRAILER!!!', { inode: 0, mode: 0, content: new Uint8Array() })])
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
