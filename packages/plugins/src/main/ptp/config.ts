import { boolean, type Decoded, int, object, orZero, string, withDefault } from '@patchbay/cni/json'
import type { Request } from '@patchbay/cni/plugin'
import { netConf } from '@patchbay/cni/types'
import { decodeNetConf } from '../../request/decode-netconf.ts'

/** The configuration of the plugin `ptp`. */
export const ptpConf = object('NetConf', {
  ...netConf.table,
  ipMasq: orZero(boolean),
  ipMasqBackend: string,
  mtu: orZero(int),
  deterministicMac: withDefault(boolean, true),
})

/** What the configuration asks for. */
export interface PtpConfig extends Decoded<typeof ptpConf> {
  /** Type of the IPAM plugin; one that is empty is refused when it is called. */
  ipamType: string
}

/** @throws JsonError `failed to load netconf: ...` */
export function loadPtpConfig(request: Request): PtpConfig {
  const conf = decodeNetConf(ptpConf, request)
  return { ...conf, ipamType: conf.ipam?.type ?? '' }
}
