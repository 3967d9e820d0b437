import type { Plugin } from '@patchbay/cni/plugin'
import { CniError } from '@patchbay/cni/types'
import { hostLocal } from './host-local.ts'

/**
 * The flavour of `host-local` that gave pairs of neighbouring addresses to the first veth plugin. It is refused with a
 * word on what took its place; what it left behind can be released.
 */
export const hostLocalPtp: Plugin = {
  ...hostLocal,
  name: 'host-local-ptp',
  add: async () => refuse(),
  check: async () => refuse(),
}

function refuse(): never {
  throw new CniError(
    'invalidNetworkConfig',
    'Cannot serve the IPAM type "host-local-ptp": pairs of addresses are gone; use "host-local", whose addresses "ptp" (or "veth") routes one by one',
  )
}
