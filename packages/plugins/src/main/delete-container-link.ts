import { isNetlinkError } from '@patchbay/linux/netlink'
import type { Namespace } from '@patchbay/linux/netns'
import { deleteLinkAnnounced } from '@patchbay/linux/route'
import { type DeletionSteps, linkDeletion } from '@patchbay/linux/sys'
import { isMissingNetns, openNamespace } from '../request/open-namespace.ts'
import { type CleanupStep, runAll } from '../request/run-all.ts'

/** How a container's interface is deleted. */
export interface DeletionOptions extends Pick<DeletionSteps, 'before'> {
  /** What the interface was called until it got its name: an ADD that was killed in between has left it so. */
  temporaryName?: string | undefined
  /** What else a deletion owes. */
  meanwhile: CleanupStep
}

/**
 * Deletes a container's interface, as far as anyone can see, and does something else that a deletion owes: while the kernel
 * is at it, and in any case. A namespace or an interface that is gone is fine.
 *
 * @throws NetnsError when `netns` is another kind of file, and as {@link runAll}
 */
export async function deleteContainerLink(
  { netns, ifName }: { netns: string; ifName: string },
  { before, temporaryName, meanwhile }: DeletionOptions,
): Promise<void> {
  let work: Promise<unknown> | undefined
  const begin = () => {
    work ??= (async () => meanwhile())()
    // Whoever waits for it hears of its failure; until then it must not count as unhandled.
    work.catch(() => undefined)
    return work
  }
  const names = [ifName, ...(temporaryName === undefined ? [] : [temporaryName])]
  await runAll(() => deleteFirst(netns, names, { before, onAsked: begin }), begin)
}

/** Deletes the first of these links that is there. */
async function deleteFirst(netns: string, names: readonly string[], steps: DeletionSteps): Promise<void> {
  if (netns === '') return
  try {
    using namespace = openNamespace(netns)
    for (const name of names) if (await deleteLink(namespace, name, steps)) return
  } catch (error) {
    if (!isMissingNetns(error)) throw error
  }
}

async function deleteLink(namespace: Namespace, name: string, steps: DeletionSteps): Promise<boolean> {
  try {
    await (linkDeletion() ?? deleteLinkAnnounced)(namespace, name, steps)
    return true
  } catch (error) {
    if (isNetlinkError(error, 'ENODEV')) return false
    throw error
  }
}
