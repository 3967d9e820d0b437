import { realpathSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import type { NetworkAttachment } from '@patchbay/cni/runtime'
import { statusOf } from '../../executor/file-status.ts'
import { containerIdOf } from './arguments.ts'
import type { TargetAttachment } from './call.ts'

/**
 * The attachment that a command is about, which may have been made by another path of the same namespace: the container id
 * follows from the path. Returns `attachment` as it is when the cache knows it, or knows no other.
 */
export async function madeAttachment(attachment: TargetAttachment): Promise<TargetAttachment> {
  const { cni, rt, list } = attachment
  const isWanted = ({ network, ifName }: NetworkAttachment) => network === list.name && ifName === rt.ifName
  if ((await cni.getCachedAttachments(rt.containerId)).some(isWanted)) return attachment
  const other = (await cni.getCachedAttachments()).find(
    (cached) => isWanted(cached) && isOwn(cached) && isSamePlace(cached.netns, rt.netns),
  )
  return other ? { ...attachment, rt: { ...rt, containerId: other.containerId, netns: other.netns } } : attachment
}

/** Containers of runtimes have ids that do not follow from the path. */
function isOwn({ containerId, netns }: NetworkAttachment): boolean {
  return containerId === containerIdOf(netns)
}

/** By the file, or, when that is gone, by its name in the same directory. */
function isSamePlace(path: string, other: string): boolean {
  const [a, b] = [statusOf(path), statusOf(other)]
  if (a && b) return a.dev === b.dev && a.ino === b.ino
  return locate(path) === locate(other)
}

/** The path without symbolic links to directories; as it is, where its directory is gone. */
function locate(path: string): string {
  try {
    return join(realpathSync(dirname(path)), basename(path))
  } catch {
    return path
  }
}
