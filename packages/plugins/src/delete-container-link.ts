import { isNetlinkError } from '@patchbay/linux/netlink'
import { Namespace, NamespaceNotFoundError } from '@patchbay/linux/netns'
import { deleteLinkAnnounced } from '@patchbay/linux/route'
import { type DeletionSteps, linkDeletion } from '@patchbay/linux/sys'
import { allSteps, type Step } from './all-steps.ts'

/**
 * Deletes a container's interface, as far as anyone can see, and does something else that a deletion owes: while the kernel
 * is at it, and in any case. A namespace or an interface that is gone is fine.
 *
 * @param steps.before as in {@link DeletionSteps}
 * @throws NotANamespaceError when `netns` is another kind of file, and as {@link allSteps}
 */
export async function deleteContainerLink(
  { netns, ifName }: { netns: string; ifName: string },
  { before, meanwhile }: Pick<DeletionSteps, 'before'> & { meanwhile: Step },
): Promise<void> {
  let work: Promise<unknown> | undefined
  const begin = () => {
    work ??= (async () => meanwhile())()
    // Whoever waits for it hears of its failure; until then it must not count as unhandled.
    work.catch(() => undefined)
    return work
  }
  await allSteps(() => deleteLink(netns, ifName, { before, onAsked: begin }), begin)
}

async function deleteLink(netns: string, ifName: string, steps: DeletionSteps): Promise<void> {
  if (netns === '') return
  try {
    using namespace = Namespace.open(netns)
    await (linkDeletion() ?? deleteLinkAnnounced)(namespace, ifName, steps)
  } catch (error) {
    if (error instanceof NamespaceNotFoundError || isNetlinkError(error, 'ENODEV')) return
    throw error
  }
}
