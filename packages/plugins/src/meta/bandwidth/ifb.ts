import { createHash } from 'node:crypto'
import type { Request } from '@patchbay/cni/plugin'
import {
  addLinkRequest,
  findLink,
  getLink,
  type LinkSummary,
  linkSummary,
  listLinks,
  setLink,
} from '@patchbay/linux/route'
import { deleteLinks, unlessGone } from '../../link/delete-links.ts'
import { doomedGroupOf, isLinkName, linkGroupOf, linkNameOf } from '../../link/link-owner.ts'
import { netContext, type OpenNetns } from '../../link/net-context.ts'
import type { Attachment } from '../../request/attachment.ts'
import { messageOf } from '../../request/error-message.ts'
import type { UndoStack } from '../../request/undo-stack.ts'
import type { ValidAttachment } from '../../request/valid-attachments.ts'

/**
 * The names that an attachment's IFB device may have. The first is the reference's, which two interfaces of a container in the
 * same network would share; the second has the interface in it.
 */
export function namesOf({ name, containerId, ifName }: Attachment): [first: string, second: string] {
  const nameOf = (text: string) => `bwp${createHash('sha512').update(text).digest('hex').slice(0, 12)}`
  return [nameOf(name + containerId), nameOf([name, containerId, ifName].join('\0'))]
}

/** Whether a device is of an attachment: the reference's do not say whose they are, and ours say so a moment after they are made. */
function isOf(request: Request, { ifalias = '' }: LinkSummary): boolean {
  return ifalias === '' || ifalias === linkNameOf(request)
}

/** The IFB device that what a container sends passes through; `undefined` when the attachment has no device. */
export async function findIfb({ route }: OpenNetns, request: Request): Promise<LinkSummary | undefined> {
  for (const name of namesOf(request)) {
    const link = await findLink(route, name, { as: linkSummary })
    if (link && isOf(request, link)) return link
  }
  return undefined
}

/**
 * Makes the IFB device of an attachment, in place of one that an ADD before this one has left, and has `undo` delete it.
 *
 * @throws Error `adding link: ...`
 */
export async function makeIfb(
  host: OpenNetns,
  request: Request,
  { mtu, undo }: { readonly mtu: number | undefined; readonly undo: UndoStack },
): Promise<LinkSummary> {
  await deleteIfb(host, request)
  const [first, second] = namesOf(request)
  const isTaken = (await findLink(host.route, first, { as: linkSummary })) !== undefined
  const ifname = isTaken ? second : first
  const settings = {
    ifname,
    mtu,
    txqlen: 0,
    up: true,
    group: linkGroupOf(request.name),
    linkinfo: { link: { kind: 'other', name: 'ifb' } as const },
  }
  try {
    await host.route.requestSlow(addLinkRequest(settings))
  } catch (cause) {
    throw new Error(`adding link: ${messageOf(cause)}`, { cause })
  }
  undo.push(`make link "${ifname}"`, () => deleteIfb(host, request))
  const link = await getLink(host.route, ifname, { as: linkSummary })
  await setLink(host.route, link.index, { ifalias: linkNameOf(request) })
  return link
}

/** Deletes the IFB device of an attachment; there may be none. */
export async function deleteIfb(host: OpenNetns, request: Request): Promise<void> {
  const link = await findIfb(host, request)
  if (link === undefined) return
  const { deleter } = netContext.of(request.shared)
  using route = deleter.openSocket(host.netns)
  await unlessGone(deleter.delete(link, { netns: host.netns, route }).gone)
}

/** Deletes the IFB devices of a network whose attachment is not alive, and no others. */
export async function collectIfbs(host: OpenNetns, network: string, alive: readonly ValidAttachment[]): Promise<void> {
  const attachments = alive.map((attachment) => ({ name: network, ...attachment }))
  const owners = new Set(attachments.map((attachment) => linkNameOf(attachment)))
  const names = new Set(attachments.flatMap(namesOf))
  const group = linkGroupOf(network)
  const isStale = ({ ifname = '', ifalias = '' }: LinkSummary) =>
    isLinkName(ifalias) ? !owners.has(ifalias) : !names.has(ifname)
  const devices = await listLinks(host.route, { kind: 'ifb' }, { as: linkSummary })
  const doomed = doomedGroupOf(network)
  const stale = devices.filter((link) => link.group === doomed || (link.group === group && isStale(link)))
  await deleteLinks(host, network, stale)
}
