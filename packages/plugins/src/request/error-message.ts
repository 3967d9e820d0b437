import { NetlinkError } from '@patchbay/linux/netlink'

/** The text of whatever was thrown, to stand behind what was being done: of a refused request the kernel's reason. */
export function messageOf(error: unknown): string {
  if (error instanceof NetlinkError) return error.reason
  return error instanceof Error ? error.message : String(error)
}
