import type { Arbitrary } from 'fast-check'
import type { Case } from './case.ts'
import { bandwidth, sbr, tuning } from './plugins/after-attaching.ts'
import { firewall, portmap } from './plugins/chained.ts'
import { hostLocalCases, staticCases } from './plugins/ipam.ts'
import { bridge, loopback, macvlan, ptp } from './plugins/main.ts'

/** What is tried of each plugin. A new plugin is an entry. */
export const subjects: Readonly<Record<string, Arbitrary<Case>>> = {
  bridge,
  ptp,
  macvlan,
  loopback,
  'host-local': hostLocalCases,
  static: staticCases,
  portmap,
  firewall,
  bandwidth,
  tuning,
  sbr,
}
