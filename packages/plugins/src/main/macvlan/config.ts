import { boolean, type Decoded, int, object, orZero, string, uint32, withDefault } from '@patchbay/cni/json'
import type { Request } from '@patchbay/cni/plugin'
import { netConf } from '@patchbay/cni/types'
import { MACVLAN_MODE } from '@patchbay/linux/route'
import { decodeNetConf } from '../../request/decode-netconf.ts'
import { macAt, type RequestedMac, requestedMac as requestedByCaller } from '../../request/requested-mac.ts'

/** The configuration of the plugin `macvlan`. */
export const macvlanConf = object('NetConf', {
  ...netConf.table,
  master: orZero(string),
  mode: orZero(string),
  mtu: orZero(int),
  mac: string,
  linkInContainer: orZero(boolean),
  bcqueuelen: orZero(uint32),
  deterministicMac: withDefault(boolean, true),
  runtimeConfig: object('struct { Mac string "json:\\"mac,omitempty\\"" }', { mac: string }),
})

/** What the configuration asks for. */
export interface MacvlanConfig extends Decoded<typeof macvlanConf> {
  /** Type of the IPAM plugin; empty for a layer 2 network. */
  ipamType: string
}

/** @throws JsonError `failed to load netconf: ...` */
export function loadMacvlanConfig(request: Request): MacvlanConfig {
  const conf = decodeNetConf(macvlanConf, request)
  return { ...conf, ipamType: conf.ipam?.type ?? '' }
}

/**
 * The hardware address that was asked for: by `runtimeConfig.mac`, else `MAC` in CNI_ARGS, else `mac`.
 *
 * @throws SyntaxError for what is wrong with CNI_ARGS
 */
export function requestedMac(request: Request, { runtimeConfig, mac }: MacvlanConfig): RequestedMac | undefined {
  return requestedByCaller(request.args, { runtimeConfig }) ?? macAt('key "mac"', mac)
}

const modes = {
  bridge: MACVLAN_MODE.BRIDGE,
  private: MACVLAN_MODE.PRIVATE,
  vepa: MACVLAN_MODE.VEPA,
  passthru: MACVLAN_MODE.PASSTHRU,
} as const

/** @throws RangeError `unknown macvlan mode: "x"` */
export function parseMode(text: string): number {
  const name = text === '' ? 'bridge' : text
  if (Object.hasOwn(modes, name)) return modes[name as keyof typeof modes]
  throw new RangeError(`unknown macvlan mode: "${text}"`)
}
