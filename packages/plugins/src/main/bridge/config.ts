import { array, boolean, type Decoded, int, object, orZero, string, withDefault } from '@patchbay/cni/json'
import type { Request } from '@patchbay/cni/plugin'
import { netConf } from '@patchbay/cni/types'
import { checkMtu } from '../../link/link-mtu.ts'
import { checkLinkName } from '../../link/link-name.ts'
import { decodeNetConf } from '../../request/decode-netconf.ts'
import { type RequestedMac, requestedMac } from '../../request/requested-mac.ts'
import { checkMasqueradeConfig } from '../../rules/masquerade/index.ts'
import { trunkVlans } from './vlan-trunk.ts'

/** The configuration of the plugin `bridge`. */
export const bridgeConf = object('NetConf', {
  ...netConf.table,
  bridge: withDefault(string, 'cni0'),
  isGateway: orZero(boolean),
  isDefaultGateway: orZero(boolean),
  forceAddress: orZero(boolean),
  ipMasq: orZero(boolean),
  ipMasqBackend: string,
  mtu: orZero(int),
  hairpinMode: orZero(boolean),
  promiscMode: orZero(boolean),
  vlan: orZero(int),
  vlanTrunk: array(object('VlanTrunk', { minID: int, maxID: int, id: int }), '[]*main.VlanTrunk'),
  preserveDefaultVlan: orZero(boolean),
  macspoofchk: orZero(boolean),
  enabledad: orZero(boolean),
  disableContainerInterface: orZero(boolean),
  portIsolation: orZero(boolean),
  deterministicMac: withDefault(boolean, true),
  args: object('struct { Cni main.BridgeArgs "json:\\"cni,omitempty\\"" }', {
    cni: object('BridgeArgs', { mac: string }),
  }),
  runtimeConfig: object('struct { Mac string "json:\\"mac,omitempty\\"" }', { mac: string }),
})

/** What the configuration and CNI_ARGS ask for, checked. */
export interface BridgeConfig extends Decoded<typeof bridgeConf> {
  /** Type of the IPAM plugin; empty for a layer 2 network. */
  ipamType: string
  /** VLANs of the trunk, sorted; absent when there is no trunk at all. */
  trunk?: readonly number[]
  /** Hardware address that was asked for. */
  mac?: RequestedMac | undefined
}

const MAX_VLAN = 4094

/**
 * Reads the configuration of a request. The same checks for every command: what ADD would refuse is refused.
 *
 * @throws Error naming the key and what it may be
 */
export function loadBridgeConfig(request: Request): BridgeConfig {
  const conf = decodeBridgeConf(request)
  if (conf.vlan < 0 || conf.vlan > MAX_VLAN)
    throw new RangeError(`invalid VLAN ID ${conf.vlan} (must be between 0 and ${MAX_VLAN})`)
  const config: BridgeConfig = {
    ...conf,
    isGateway: conf.isGateway || conf.isDefaultGateway,
    // Without addresses there is nothing to masquerade.
    ipMasq: conf.ipMasq && Boolean(conf.ipam?.type),
    ipamType: conf.ipam?.type ?? '',
    mac: requestedMac(request.args, conf),
  }
  if (conf.vlanTrunk) config.trunk = trunkVlans(conf.vlanTrunk)
  return config
}

/** @throws Error for keys that exclude each other or cannot be served, names and MTUs that no link can have; they matter to ADD alone */
export function checkForAdd(config: BridgeConfig): void {
  if (config.ipamType !== '' && config.disableContainerInterface)
    throw new Error('cannot use IPAM when DisableContainerInterface flag is set')
  if (config.hairpinMode && config.promiscMode)
    throw new Error('cannot set hairpin mode and promiscuous mode at the same time')
  checkNames(config)
  checkMtu(config.mtu)
  checkMasqueradeConfig(config)
}

/** An empty name is refused where the bridge is looked for, in the reference's words. */
function checkNames(config: BridgeConfig): void {
  if (config.bridge !== '') checkLinkName('bridge', config.bridge)
  if (config.isGateway && config.ipamType !== '' && config.vlan !== 0) checkLinkName('bridge', vlanGatewayName(config))
}

/** The name of the interface that has the gateway's addresses in a VLAN. */
export function vlanGatewayName({ bridge, vlan }: Pick<BridgeConfig, 'bridge' | 'vlan'>): string {
  return `${bridge}.${vlan}`
}

/**
 * What the configuration says, not yet looked at: all that STATUS needs.
 *
 * @throws JsonError `failed to load netconf: ...`
 */
export function decodeBridgeConf(request: Request): Decoded<typeof bridgeConf> {
  return decodeNetConf(bridgeConf, request)
}
