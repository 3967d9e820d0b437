import type { Plugin } from '@patchbay/cni/plugin'
import { add } from './add.ts'
import { check } from './check.ts'
import { del } from './del.ts'

/** The IPAM plugin `host-local`: leases addresses of configured ranges and remembers them on this host. */
export const hostLocal: Plugin = { name: 'host-local', add, del, check }
