import { isNetlinkError } from '@patchbay/linux/netlink'
import { messageOf } from '../../request/error-message.ts'

/** Returns an error that the kernel gives for VLANs of a bridge, with what it lacks when it knows none. */
export function vlanError(error: unknown): unknown {
  if (!isNetlinkError(error, 'EOPNOTSUPP')) return error
  const lack =
    'the kernel lacks VLAN filtering of bridges (CONFIG_BRIDGE_VLAN_FILTERING), which "vlan" and "vlanTrunk" need'
  return new Error(`${messageOf(error)}: ${lack}`, { cause: error })
}
