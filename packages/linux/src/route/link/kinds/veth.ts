import { attr, attributes, type Codec, flatMessage, type Value } from '../../../netlink/index.ts'
import { commonAttributes, ifinfomsg } from '../attributes.ts'

const peerAttributes = attributes('IFLA', commonAttributes)

/** The other end of a pair, described as a link of its own. */
export type VethPeer = Partial<Value<typeof ifinfomsg>> & Value<typeof peerAttributes>

const peer: Codec<VethPeer> = flatMessage(ifinfomsg, peerAttributes)

/**
 * Data of a link of kind `veth`, `<linux/veth.h> VETH_INFO_PEER`. A peer with `netNsFd` is made in that namespace from
 * the start.
 */
export const veth = attributes('VETH_INFO', { peer: attr(1, peer) })
