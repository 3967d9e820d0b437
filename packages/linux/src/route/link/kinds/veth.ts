import { attr, attributes, flatMessage } from '../../../netlink/index.ts'
import { commonAttributes, ifinfomsg } from '../attributes.ts'

/**
 * Data of a link of kind `veth`, `<linux/veth.h> VETH_INFO_PEER`. The peer is described as a link of its own; with
 * `netNsFd` it is made in that namespace from the start.
 */
export const veth = attributes('VETH_INFO', {
  peer: attr(1, flatMessage(ifinfomsg, attributes('IFLA', commonAttributes))),
})
