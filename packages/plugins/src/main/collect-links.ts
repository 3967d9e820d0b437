import type { Request } from '@patchbay/cni/plugin'
import { listMountedNamespaces } from '@patchbay/linux/netns'
import { type LinkSummary, linkSummary, listLinks } from '@patchbay/linux/route'
import { deleteLinks } from '../link/delete-links.ts'
import { doomedGroupOf, isLinkName, linkGroupOf, linkNameOf, NAME_ATTEMPTS } from '../link/link-owner.ts'
import { openNetns, openNetnsIfThere } from '../link/net-context.ts'
import { runAll } from '../request/run-all.ts'
import { type ValidAttachment, validAttachmentsOf } from '../request/valid-attachments.ts'

/**
 * Deletes the veth pairs of this network whose attachment is not in `cni.dev/valid-attachments`: those that an ADD has left
 * that was killed. A pair without the network's mark is left alone, so that of the reference. One list of the host's pairs
 * is asked for, whatever their number.
 *
 * @throws as {@link runAll}
 */
export async function collectPairs(request: Request): Promise<void> {
  const valid = validAttachmentsOf(request)
  if (valid === undefined) return
  using host = openNetns(request, request.hostNetns)
  const pairs = await listLinks(host.route, { kind: 'veth' }, { as: linkSummary })
  const stale = withoutOwner(pairs.filter(isIn(linkGroupOf(request.name))), { network: request.name, valid })
  await deleteLinks(host, request.name, [...stale, ...pairs.filter(isIn(doomedGroupOf(request.name)))])
}

function isIn(group: number): (link: LinkSummary) => boolean {
  return (link) => link.group === group
}

/**
 * Deletes the links of one kind that are in containers, and whose attachment of this network is not in `cni.dev/valid-attachments`.
 * GC is told no namespace, so all that are mounted are looked through, one after another. A link without the network's mark, or
 * without its owner's, is left alone.
 *
 * @throws as {@link runAll}
 */
export async function collectContainerLinks(request: Request, kind: string): Promise<void> {
  const valid = validAttachmentsOf(request)
  if (valid === undefined) return
  const names = new Set(valid.map((attachment) => linkNameOf({ name: request.name, ...attachment })))
  const [own, doomed] = [isIn(linkGroupOf(request.name)), isIn(doomedGroupOf(request.name))]
  const isStale = (link: LinkSummary) => {
    const owner = ownerNameOf(link)
    return doomed(link) || (own(link) && owner !== undefined && !names.has(owner))
  }
  await runAll(...listMountedNamespaces().map((path) => () => collectIn(request, path, { kind, isStale })))
}

async function collectIn(
  request: Request,
  path: string,
  { kind, isStale }: { kind: string; isStale: (link: LinkSummary) => boolean },
): Promise<void> {
  using container = openNetnsIfThere(request, path)
  if (container === undefined) return
  const links = await listLinks(container.route, { kind }, { as: linkSummary })
  await deleteLinks(container, request.name, links.filter(isStale))
}

/** Whose link it is: its alias says so, and its name until it has got one. */
function ownerNameOf({ ifalias = '', ifname = '' }: LinkSummary): string | undefined {
  return [ifalias, ifname].find(isLinkName)
}

/** Nearly every link has the first of its owner's names: the others are looked at for what is left over. */
function withoutOwner(
  links: readonly LinkSummary[],
  { network, valid }: { network: string; valid: readonly ValidAttachment[] },
): readonly LinkSummary[] {
  let left = links
  for (let attempt = 0; attempt < NAME_ATTEMPTS && left.length > 0; attempt++) {
    const names = new Set(valid.map((attachment) => linkNameOf({ name: network, ...attachment }, attempt)))
    left = left.filter(({ ifname = '' }) => !names.has(ifname))
  }
  return left
}
