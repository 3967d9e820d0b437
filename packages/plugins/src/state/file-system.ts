import { statfsSync } from 'node:fs'

/** `<linux/magic.h>`: file systems in memory, whose files are lost in a crash of the machine. */
const inMemory: readonly number[] = [
  0x01021994, // tmpfs
  0x858458f6, // ramfs
]

/** File systems that several hosts may have mounted, and those of unknown kind. */
const shared: readonly number[] = [
  0x6969, // nfs
  0x517b, // smb
  0xff534d42, // cifs
  0xfe534d42, // smb2
  0x00c36400, // ceph
  0x01021997, // 9p
  0x5346414f, // afs
  0x65735546, // fuse: GlusterFS, sshfs and many more
  0x7461636f, // ocfs2
  0x01161970, // gfs2
  0x0bd00bd0, // lustre
]

/** Whether a directory is in memory, so that its files are lost in a crash of the machine. */
export function isInMemory(directory: string): boolean {
  return inMemory.includes(typeOf(directory))
}

/** Whether other hosts may have mounted the directory. */
export function isShared(directory: string): boolean {
  return shared.includes(typeOf(directory))
}

/** How many bytes can still be written to a directory's file system. */
export function freeBytes(directory: string): number {
  const { bavail, bsize } = statfsSync(directory)
  return bavail * bsize
}

/** 0 if the kernel does not tell the type. */
function typeOf(directory: string): number {
  try {
    return statfsSync(directory).type
  } catch {
    return 0
  }
}
