import { CIDR, type IP } from '@patchbay/address'
import { type NetlinkRequest, type NetlinkSocket, NLM_F } from '../../netlink/index.ts'
import {
  type Attributes,
  attr,
  attributes,
  ip,
  type Message,
  type MessageCodec,
  message,
  operation,
  type PartialMessage,
  request,
  type Struct,
  s32,
  string,
  struct,
  u8,
  u32,
} from '../../netlink/raw.ts'
import { describeList, familyOf } from '../constants.ts'

/** `struct ifaddrmsg`, `<linux/if_addr.h>`. */
export class Ifaddrmsg {
  readonly family = u8
  readonly prefixlen = u8
  /** The lower eight bits of {@link IFA_F}. */
  readonly flags = u8
  /** {@link RT_SCOPE} */
  readonly scope = u8
  /** Of the link. */
  readonly index = u32
}

/** The codec of {@link Ifaddrmsg}. */
export const ifaddrmsg = struct(new Ifaddrmsg())

/** `struct ifa_cacheinfo`, `<linux/if_addr.h>`: lifetimes in seconds (4294967295 is for ever), stamps in 1/100 s. */
const cacheinfo = struct({ prefered: u32, valid: u32, cstamp: u32, tstamp: u32 })

/** Attributes of an address, `<linux/if_addr.h> IFA_*`. */
export class AddressAttributes {
  readonly address = attr(1, ip)
  readonly local = attr(2, ip)
  readonly label = attr(3, string)
  readonly broadcast = attr(4, ip)
  readonly anycast = attr(5, ip)
  readonly cacheinfo = attr(6, cacheinfo)
  readonly multicast = attr(7, ip)
  readonly flags = attr(8, u32)
  readonly rtPriority = attr(9, u32)
  readonly targetNetnsid = attr(10, s32)
  readonly proto = attr(11, u8)
}

/** The codec of {@link AddressAttributes}. */
export const addressAttributes = attributes('IFA', new AddressAttributes())

/** The values of {@link addressMessage}. */
export interface AddressMessage extends Message<Struct<Ifaddrmsg>, Attributes<AddressAttributes>> {}

/** Body of `RTM_*ADDR`. */
export const addressMessage: MessageCodec<AddressMessage> = message(ifaddrmsg, addressAttributes)

function describeAddress({ header = {}, attributes = {} }: PartialMessage<AddressMessage>): string {
  const { local = attributes.address } = attributes
  return `address ${local}/${header.prefixlen} on link ${header.index}`
}

/** Operations on addresses, `<linux/rtnetlink.h> RTM_*ADDR`. */
export const addressOperations = {
  add: operation('RTM_NEWADDR', 20, addressMessage, describeAddress),
  delete: operation('RTM_DELADDR', 21, addressMessage, describeAddress),
  get: operation('RTM_GETADDR', 22, addressMessage, ({ header }) => describeList('addresses', header?.index)),
  reply: operation('RTM_NEWADDR', 20, addressMessage),
} as const

/** `<linux/if_addr.h> IFA_F_*`: bits of an address's flags. */
export const IFA_F = {
  SECONDARY: 0x1,
  NODAD: 0x2,
  OPTIMISTIC: 0x4,
  DADFAILED: 0x8,
  DEPRECATED: 0x20,
  TENTATIVE: 0x40,
  PERMANENT: 0x80,
  MANAGETEMPADDR: 0x100,
  NOPREFIXROUTE: 0x200,
} as const

/** An address of a link. */
export interface Address {
  /** Index of the link. */
  index: number
  /** The address itself, with the length of its network's prefix. */
  address: CIDR
  /** The other end of a point-to-point link. */
  peer?: IP | undefined
  broadcast?: IP | undefined
  /** IPv4 only. */
  label?: string | undefined
  /** `RT_SCOPE`; 0 is global. */
  scope?: number | undefined
  /** `IFA_F`. */
  flags?: number | undefined
  /** Seconds; absent is for ever. */
  lifetimes?: { preferred: number; valid: number } | undefined
}

const FOREVER = 0xffffffff

/** What {@link Address} says, as a message. */
function encodeAddress(address: Address): AddressMessage {
  const { address: cidr, flags = 0, lifetimes } = address
  return {
    header: {
      family: familyOf(cidr.family),
      prefixlen: cidr.prefixLength,
      flags: flags & 0xff,
      scope: address.scope ?? 0,
      index: address.index,
    },
    attributes: {
      address: address.peer ?? cidr.address,
      local: cidr.address,
      broadcast: address.broadcast,
      label: address.label,
      flags: flags > 0xff ? flags : undefined,
      cacheinfo: lifetimes && { prefered: lifetimes.preferred, valid: lifetimes.valid, cstamp: 0, tstamp: 0 },
    },
  }
}

/**
 * The address that a message of the kernel describes; `undefined` for one without an address, or whose address is an
 * IPv4-mapped one.
 */
export function decodeAddress({ header, attributes: all }: AddressMessage): Address | undefined {
  const own = all.local ?? all.address
  if (!own || header.prefixlen > own.bits) return undefined
  const address: Address = {
    index: header.index,
    address: CIDR.of(own, header.prefixlen),
    scope: header.scope,
    flags: all.flags ?? header.flags,
  }
  if (all.address && !all.address.equals(own)) address.peer = all.address
  if (all.broadcast) address.broadcast = all.broadcast
  if (all.label !== undefined) address.label = all.label
  if (all.cacheinfo && all.cacheinfo.valid !== FOREVER)
    address.lifetimes = { preferred: all.cacheinfo.prefered, valid: all.cacheinfo.valid }
  return address
}

/** The broadcast address that `brd +` of `ip` means: IPv4 with a prefix shorter than 31. */
export function standardBroadcast(cidr: CIDR): IP | undefined {
  return cidr.broadcast
}

/** The request of {@link addAddress}, for sending several in one go. */
export function addAddressRequest(address: Address): NetlinkRequest {
  return request(addressOperations.add, encodeAddress(address), NLM_F.CREATE | NLM_F.EXCL)
}

/**
 * Adds an address to a link.
 *
 * @throws NetlinkError `EEXIST` when the link has the address
 */
export async function addAddress(socket: NetlinkSocket, address: Address): Promise<void> {
  await socket.request(addAddressRequest(address))
}

/**
 * Takes an address from a link.
 *
 * @throws NetlinkError `EADDRNOTAVAIL` when the link does not have the address
 */
export async function deleteAddress(socket: NetlinkSocket, address: Address): Promise<void> {
  await socket.request(request(addressOperations.delete, encodeAddress(address)))
}

/** The addresses of the link with that `index`, or of all links; of one family or both. */
export async function listAddresses(
  socket: NetlinkSocket,
  filter: { index?: number | undefined; family?: 4 | 6 | undefined } = {},
): Promise<Address[]> {
  const header = { family: familyOf(filter.family), prefixlen: 0, flags: 0, scope: 0, index: filter.index ?? 0 }
  const messages = await socket.list(
    request(addressOperations.get, { header, attributes: {} }),
    addressOperations.reply,
  )
  return messages.map(decodeAddress).filter((address) => address !== undefined)
}
