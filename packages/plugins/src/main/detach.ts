import type { Request } from '@patchbay/cni/plugin'
import type { NetlinkSocket } from '@patchbay/linux/netlink'
import type { Namespace } from '@patchbay/linux/netns'
import { findLink, type LinkSummary, linkSummary } from '@patchbay/linux/route'
import { mayNeedInterface } from '../ipam/ipam-plugins.ts'
import { unlessGone } from '../link/delete-links.ts'
import { netContext } from '../link/net-context.ts'
import { isMissingNetns, openNamespace } from '../request/open-namespace.ts'
import { type CleanupStep, runAll } from '../request/run-all.ts'

/** What a DEL takes back. */
export interface Detachment {
  /** Type of the IPAM plugin; absent for none. */
  ipamType?: string | undefined
  /** What the interface was called until it got its name: an ADD that was killed in between has left it so. */
  temporaryName?: string | undefined
  /** Removes what leads to the interface, before it is deleted. Must not fail. */
  removeRoutes?: (link: LinkSummary) => Promise<void>
  /** Removes what else there is, while the kernel deletes the interface. */
  removeRules?: CleanupStep
}

/**
 * Deletes a container's interface and releases its addresses; what is gone is fine, and every step runs even if others fail.
 * Addresses in books are released last, so that they are not given away while they are still configured; another IPAM plugin
 * may need the interface: `dhcp` tells its server from there.
 *
 * @throws NetnsError when `CNI_NETNS` is another kind of file, and as {@link runAll}
 */
export async function detach(request: Request, detachment: Detachment): Promise<void> {
  const { ipamType } = detachment
  const release = () => (ipamType === undefined ? undefined : request.delegate(ipamType, 'DEL'))
  const deletion = () => deleteLinkAndRules(request, detachment)
  await (mayNeedInterface(ipamType ?? '') ? runAll(release, deletion) : runAll(deletion, release))
}

/** The interface goes as far as anyone can see; the rules go meanwhile, or when there is no interface. */
async function deleteLinkAndRules(
  { netns: path, ifName, shared }: Request,
  { temporaryName, removeRoutes, removeRules = () => undefined }: Detachment,
): Promise<void> {
  const { deleter } = netContext.of(shared)
  let rules: Promise<unknown> | undefined
  const deleteLink = async () => {
    using netns = openIfThere(path)
    if (netns === undefined) return
    using route = deleter.openSocket(netns)
    const link = await findFirst(route, [ifName, temporaryName])
    if (link === undefined) return
    await removeRoutes?.(link)
    const { asked, gone } = deleter.delete(link, { netns, route })
    rules = asked.then(removeRules)
    // The next step tells of its failure; until then it must not count as unhandled.
    rules.catch(() => undefined)
    await unlessGone(gone)
  }
  await runAll(deleteLink, () => rules ?? removeRules())
}

function openIfThere(path: string): Namespace | undefined {
  try {
    return path === '' ? undefined : openNamespace(path)
  } catch (error) {
    if (isMissingNetns(error)) return undefined
    throw error
  }
}

async function findFirst(
  route: NetlinkSocket,
  names: readonly (string | undefined)[],
): Promise<LinkSummary | undefined> {
  for (const name of names) {
    const link = name === undefined ? undefined : await findLink(route, name, { as: linkSummary })
    if (link !== undefined) return link
  }
  return undefined
}
