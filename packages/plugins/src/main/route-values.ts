import { CniError, type Route } from '@patchbay/cni/types'

const MAX_U8 = 0xff
const MAX_U32 = 0xffff_ffff

/** The most that a kernel's route has room for: `struct rtmsg` and the attributes of `<linux/rtnetlink.h> RTA_*`. */
const limits = { mtu: MAX_U32, advmss: MAX_U32, priority: MAX_U32, table: MAX_U32, scope: MAX_U8 } as const

/**
 * Checks that the kernel has room for what routes say.
 *
 * @throws {CniError} 7 `Cannot add route 10.9.0.0/16: "priority" is -1, not a number from 0 to 4294967295`
 */
export function checkRouteValues(routes: readonly Route[]): void {
  for (const route of routes) {
    for (const [key, limit] of Object.entries(limits)) {
      const value = route[key as keyof typeof limits] ?? 0
      if (value < 0 || value > limit) throw problem(route, `"${key}" is ${value}, not a number from 0 to ${limit}`)
    }
    const { gw, dst } = route
    if (gw && !gw.isUnspecified && gw.family !== dst.family)
      throw problem(route, `"gw" is ${gw}, not an address of IPv${dst.family}`)
  }
}

function problem({ dst }: Route, state: string): CniError {
  return new CniError('invalidNetworkConfig', `Cannot add route ${dst}: ${state}`)
}
