import type { Request } from '@patchbay/cni/plugin'
import { isNetlinkError } from '@patchbay/linux/netlink'
import { type BriefLink, briefLink, deleteLink, dumpLinks } from '@patchbay/linux/route'
import { allSteps } from './all-steps.ts'
import { type Host, openHost } from './hosts.ts'
import { linkGroupOf, linkNameOf, NAME_ATTEMPTS } from './link-owner.ts'
import { type ValidAttachment, validAttachmentsOf } from './valid-attachments.ts'

/**
 * Deletes the veth pairs of this network whose attachment is not in `cni.dev/valid-attachments`: those that an ADD has left
 * that was killed. A pair without the network's mark is left alone, so that of the reference. One list of the host's pairs
 * is asked for, whatever their number.
 *
 * @throws as {@link allSteps}
 */
export async function collectPairs(request: Request): Promise<void> {
  const valid = validAttachmentsOf(request)
  if (valid === undefined) return
  using host = openHost(request.hostNetns)
  const group = linkGroupOf(request.name)
  const pairs = await dumpLinks(host.route, { kind: 'veth' }, { as: briefLink })
  const stale = withoutOwner(
    pairs.filter((pair) => pair.group === group),
    { network: request.name, valid },
  )
  await allSteps(
    ...stale.map(
      ({ index }) =>
        () =>
          deletePair(host, index),
    ),
  )
}

/** Nearly every link has the first of its owner's names: the others are looked at for what is left over. */
function withoutOwner(
  links: readonly BriefLink[],
  { network, valid }: { network: string; valid: readonly ValidAttachment[] },
): readonly BriefLink[] {
  let left = links
  for (let attempt = 0; attempt < NAME_ATTEMPTS && left.length > 0; attempt++) {
    const names = new Set(valid.map((attachment) => linkNameOf({ name: network, ...attachment }, attempt)))
    left = left.filter(({ ifname = '' }) => !names.has(ifname))
  }
  return left
}

async function deletePair(host: Host, index: number): Promise<void> {
  try {
    await deleteLink(host.route, index)
  } catch (error) {
    if (!isNetlinkError(error, 'ENODEV')) throw error
  }
}
