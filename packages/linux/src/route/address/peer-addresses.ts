import type { NetlinkSocket } from '../../netlink/index.ts'
import { request } from '../../netlink/raw.ts'
import { checked, native } from '../../sys/index.ts'
import { AF } from '../constants.ts'
import { type Address, addressOperations, decodeAddress } from './address.ts'

/** `<linux/netlink.h>` */
const SOL_NETLINK = 270
const NETLINK_GET_STRICT_CHK = 12

/**
 * The addresses in another namespace, by the number that the socket's namespace has for it: `linkNetnsid` of a link that
 * leads there. The socket checks dumps strictly from then on.
 *
 * @returns `undefined` when the kernel did not look there, as before Linux 5.0
 * @throws NetlinkError `EINVAL` when the namespace has ended; `EPERM`
 */
export async function listPeerAddresses(socket: NetlinkSocket, netnsid: number): Promise<Address[] | undefined> {
  checked('setsockopt', native().setsockopt(socket.fd, SOL_NETLINK, NETLINK_GET_STRICT_CHK, 1))
  const header = { family: AF.UNSPEC, prefixlen: 0, flags: 0, scope: 0, index: 0 }
  const wanted = request(addressOperations.get, { header, attributes: { targetNetnsid: netnsid } })
  const messages = await socket.list(wanted, addressOperations.reply)
  if (messages.some(({ attributes }) => attributes.targetNetnsid !== netnsid)) return undefined
  return messages.map(decodeAddress).filter((address) => address !== undefined)
}
