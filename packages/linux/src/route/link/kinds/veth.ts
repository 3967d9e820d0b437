import { type Attributes, attr, attributes, type Codec, flatMessage, type Struct } from '../../../netlink/raw.ts'
import { CommonLinkAttributes, type Ifinfomsg, ifinfomsg } from '../attributes.ts'

const peerAttributes = attributes('IFLA', new CommonLinkAttributes())

/** The other end of a pair, described as a link of its own. */
export interface VethPeer extends Partial<Struct<Ifinfomsg>>, Attributes<CommonLinkAttributes> {}

const peer: Codec<VethPeer> = flatMessage(ifinfomsg, peerAttributes)

/**
 * Data of a link of kind `veth`, `<linux/veth.h> VETH_INFO_PEER`. A peer with `netNsFd` is made in that namespace from
 * the start.
 */
export class VethAttributes {
  readonly peer = attr(1, peer)
}

/** The codec of {@link VethAttributes}. */
export const veth = attributes('VETH_INFO', new VethAttributes())
