import { isNetlinkError } from '@patchbay/linux/netlink'
import { deleteLink, deleteLinkGroup, type LinkSummary, setLinkRequest } from '@patchbay/linux/route'
import { doomedGroupOf } from './link-owner.ts'
import type { OpenNetns } from './net-context.ts'

/**
 * Deletes links of a network, which takes the kernel about as long as deleting one. What is gone already is fine. Nobody else may
 * be deleting links of this network, but for another GC, which deletes the same.
 */
export async function deleteLinks(
  { route }: Pick<OpenNetns, 'route'>,
  network: string,
  links: readonly LinkSummary[],
): Promise<void> {
  const [only, ...others] = links
  if (only === undefined) return
  if (others.length === 0) return unlessGone(deleteLink(route, only.index))
  const group = doomedGroupOf(network)
  for (const { index } of links) await unlessGone(route.request(setLinkRequest(index, { group })))
  await unlessGone(deleteLinkGroup(route, group))
}

/** Waits for something that is done to a link, which may have gone meanwhile. */
export async function unlessGone(work: Promise<unknown>): Promise<void> {
  try {
    await work
  } catch (error) {
    if (!isNetlinkError(error, 'ENODEV')) throw error
  }
}
