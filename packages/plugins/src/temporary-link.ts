import { type BriefLink, briefLink, deleteLink, getLink, setLink } from '@patchbay/linux/route'
import { messageOf } from './error-message.ts'
import type { Host } from './hosts.ts'
import type { UndoStack } from './undo-stack.ts'

/**
 * Gives a link that was made in the container under a name of its own its final one. A link cannot be made under the
 * final name straight away: the kernel would take one of that name on the host for it.
 *
 * @param kind for the error's text: `macvlan`
 * @throws Error `failed to rename macvlan to "eth0": file exists`
 */
export async function adoptLink(
  container: Host,
  names: { temporary: string; final: string },
  { kind, undo }: { kind: string; undo: UndoStack },
): Promise<BriefLink> {
  const link = await getLink(container.route, names.temporary, { as: briefLink })
  undo.push(`make link "${names.final}"`, () => deleteLink(container.route, link.index))
  try {
    await setLink(container.route, link.index, { ifname: names.final })
  } catch (error) {
    throw new Error(`failed to rename ${kind} to "${names.final}": ${messageOf(error)}`, { cause: error })
  }
  return { ...link, ifname: names.final }
}
