import type { IP, MAC } from '@patchbay/address'
import { type NetlinkSocket, NLM_F } from '../../netlink/index.ts'
import {
  type Attributes,
  attr,
  attributes,
  be16,
  binary,
  ip,
  type Message,
  type MessageCodec,
  mac,
  message,
  operation,
  type PartialMessage,
  padding,
  request,
  type Struct,
  s32,
  struct,
  u8,
  u16,
  u32,
} from '../../netlink/raw.ts'
import { describeList, familyOf } from '../constants.ts'

/** `struct ndmsg`, `<linux/neighbour.h>`. */
export class Ndmsg {
  readonly family = u8
  readonly pad1 = padding(1)
  readonly pad2 = padding(2)
  readonly ifindex = s32
  /** {@link NUD} */
  readonly state = u16
  /** {@link NTF} */
  readonly flags = u8
  readonly type = u8
}

/** The codec of {@link Ndmsg}. */
export const ndmsg = struct(new Ndmsg())

/** `struct nda_cacheinfo`, `<linux/neighbour.h>`: times in hundredths of a second. */
const cacheinfo = struct({ confirmed: u32, used: u32, updated: u32, refcnt: u32 })

/** Attributes of a neighbour, `<linux/neighbour.h> NDA_*`. */
export class NeighbourAttributes {
  readonly dst = attr(1, ip)
  readonly lladdr = attr(2, mac)
  readonly cacheinfo = attr(3, cacheinfo)
  readonly probes = attr(4, u32)
  readonly vlan = attr(5, u16)
  readonly port = attr(6, be16)
  readonly vni = attr(7, u32)
  readonly ifindex = attr(8, u32)
  readonly master = attr(9, u32)
  readonly linkNetnsid = attr(10, s32)
  readonly srcVni = attr(11, u32)
  readonly protocol = attr(12, u8)
  readonly nhId = attr(13, u32)
  readonly fdbExtAttrs = attr(14, binary)
  readonly flagsExt = attr(15, u32)
}

/** The codec of {@link NeighbourAttributes}. */
export const neighbourAttributes = attributes('NDA', new NeighbourAttributes())

/** The values of {@link neighbourMessage}. */
export interface NeighbourMessage extends Message<Struct<Ndmsg>, Attributes<NeighbourAttributes>> {}

/** Body of `RTM_*NEIGH`. */
export const neighbourMessage: MessageCodec<NeighbourMessage> = message(ndmsg, neighbourAttributes)

/** An entry of a bridge's table has a hardware address alone. */
function describeNeighbour({ header, attributes }: PartialMessage<NeighbourMessage>): string {
  return `neighbour ${attributes?.dst ?? attributes?.lladdr} on link ${header?.ifindex}`
}

/** Operations on neighbours, `<linux/rtnetlink.h> RTM_*NEIGH`. */
export const neighbourOperations = {
  add: operation('RTM_NEWNEIGH', 28, neighbourMessage, describeNeighbour),
  delete: operation('RTM_DELNEIGH', 29, neighbourMessage, describeNeighbour),
  get: operation('RTM_GETNEIGH', 30, neighbourMessage, ({ attributes }) =>
    describeList('neighbours', attributes?.ifindex),
  ),
  reply: operation('RTM_NEWNEIGH', 28, neighbourMessage),
} as const

/** `<linux/neighbour.h> NUD_*`: bits of a neighbour's state. */
export const NUD = {
  NONE: 0,
  INCOMPLETE: 1,
  REACHABLE: 2,
  STALE: 4,
  DELAY: 8,
  PROBE: 16,
  FAILED: 32,
  NOARP: 64,
  PERMANENT: 128,
} as const

/** `<linux/neighbour.h> NTF_*`: bits of a neighbour's flags. */
export const NTF = { USE: 1, SELF: 2, MASTER: 4, PROXY: 8, EXT_LEARNED: 16, STICKY: 64, ROUTER: 128 } as const

/** An entry of the neighbour table. */
export interface Neighbour {
  /** Index of the link. */
  index: number
  dst: IP
  lladdr?: MAC | Uint8Array | undefined
  /** {@link NUD}; default when adding: PERMANENT. */
  state?: number | undefined
  /** {@link NTF} */
  flags?: number | undefined
}

function encodeNeighbour(neighbour: Neighbour): NeighbourMessage {
  const { index, dst, lladdr, state = NUD.PERMANENT, flags = 0 } = neighbour
  return {
    header: { family: familyOf(dst.family), ifindex: index, state, flags, type: 0 },
    attributes: { dst, lladdr },
  }
}

function decodeNeighbour({ header, attributes: all }: NeighbourMessage): Neighbour | undefined {
  if (!all.dst) return undefined
  const neighbour: Neighbour = { index: header.ifindex, dst: all.dst, state: header.state, flags: header.flags }
  if (all.lladdr) neighbour.lladdr = all.lladdr
  return neighbour
}

/** Puts an entry into the neighbour table, in place of the one with that address if there is one. */
export async function replaceNeighbour(socket: NetlinkSocket, neighbour: Neighbour): Promise<void> {
  await socket.request(request(neighbourOperations.add, encodeNeighbour(neighbour), NLM_F.CREATE | NLM_F.REPLACE))
}

/**
 * Puts an entry into the neighbour table.
 *
 * @throws NetlinkError `EEXIST` when the link has an entry for the address
 */
export async function addNeighbour(socket: NetlinkSocket, neighbour: Neighbour): Promise<void> {
  await socket.request(request(neighbourOperations.add, encodeNeighbour(neighbour), NLM_F.CREATE | NLM_F.EXCL))
}

/**
 * Takes an entry out of the neighbour table.
 *
 * @throws NetlinkError `ENOENT` when the link has no entry for the address
 */
export async function deleteNeighbour(socket: NetlinkSocket, neighbour: Neighbour): Promise<void> {
  await socket.request(request(neighbourOperations.delete, encodeNeighbour(neighbour)))
}

/** The neighbour table of the link with that `index`, or of all; of one family or both. */
export async function listNeighbours(
  socket: NetlinkSocket,
  filter: { index?: number | undefined; family?: 4 | 6 | undefined } = {},
): Promise<Neighbour[]> {
  const attributes = { ifindex: filter.index }
  const header = { family: familyOf(filter.family), ifindex: 0, state: 0, flags: 0, type: 0 }
  const messages = await socket.list(
    request(neighbourOperations.get, { header, attributes }),
    neighbourOperations.reply,
  )
  return messages.map(decodeNeighbour).filter((neighbour) => neighbour !== undefined)
}
