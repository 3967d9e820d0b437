import { deleteLink, findLink, getLink, type LinkSummary, linkSummary, setLink } from '@patchbay/linux/route'
import type { Attachment } from '../request/attachment.ts'
import { messageOf } from '../request/error-message.ts'
import type { UndoStack } from '../request/undo-stack.ts'
import { unlessGone } from './delete-links.ts'
import { linkGroupOf, linkNameOf } from './link-owner.ts'
import type { OpenNetns } from './net-context.ts'

/** A link that is made under a temporary name. */
export interface LinkToRename {
  /** Whose link it is. */
  owner: Attachment
  /** For the error's text: `macvlan`. */
  kind: string
  undo: UndoStack
  /** Has the kernel make the link in the container, under this name and in this group. */
  make: (temporary: { ifname: string; group: number }) => Promise<void>
}

/**
 * Makes a link in a container under a temporary name, and gives it its final one. It cannot be made under the final name
 * straight away: the kernel would take one of that name on the host for it. The temporary name is that of the attachment, so
 * that DEL finds the link of an ADD that was killed between the two, and the next ADD replaces it. It stays the link's alias, by
 * which, in the network's group, GC knows whose link it is.
 *
 * @throws Error `failed to rename macvlan to "eth0": file exists`, and what `make` throws
 */
export async function renameIntoPlace(
  container: OpenNetns,
  { owner, kind, undo, make }: LinkToRename,
): Promise<LinkSummary> {
  const temporary = linkNameOf(owner)
  const marks = { ifname: temporary, group: linkGroupOf(owner.name) }
  // By its name: the answer that it was made may be lost.
  undo.push(`make link "${temporary}"`, async () => void (await deleteIfThere(container, temporary)))
  try {
    await make(marks)
  } catch (error) {
    if (!(await deleteIfThere(container, temporary))) throw error
    await make(marks)
  }
  const link = await getLink(container.route, temporary, { as: linkSummary })
  undo.push(`make link "${owner.ifName}"`, () => deleteLink(container.route, link.index))
  try {
    await setLink(container.route, link.index, { ifname: owner.ifName, ifalias: temporary })
  } catch (error) {
    throw new Error(`failed to rename ${kind} to "${owner.ifName}": ${messageOf(error)}`, { cause: error })
  }
  return { ...link, ifname: owner.ifName }
}

async function deleteIfThere(container: OpenNetns, name: string): Promise<boolean> {
  const link = await findLink(container.route, name, { as: linkSummary })
  if (!link) return false
  await unlessGone(deleteLink(container.route, link.index))
  return true
}
