import { CIDR } from '@patchbay/address'
import { type Route, RT_SCOPE } from '@patchbay/linux/route'

/** The host's route to an address of a container, by its end of the pair. */
export function hostRoute({ address }: CIDR, oif: number): Route {
  return { dst: CIDR.of(address, address.bits), oif, scope: RT_SCOPE.HOST }
}
