import type { MAC } from '@patchbay/address'
import { boolean, hasRepeatedKeys, int, isJsonObject, map, object, orZero, string } from '@patchbay/cni/json'
import { loadArgs, type Request } from '@patchbay/cni/plugin'
import { netConf } from '@patchbay/cni/types'
import { decodeNetConf } from '../../request/decode-netconf.ts'
import { macAt, parseRequestedMac, type RequestedMac } from '../../request/requested-mac.ts'

const cniArgs = object('IPAMArgs', {
  sysctl: map(string),
  mac: string,
  promisc: boolean,
  mtu: int,
  allmulti: boolean,
  txQLen: int,
})

/** The configuration of the plugin `tuning`. */
export const tuningConf = object('TuningConf', {
  ...netConf.table,
  dataDir: orZero(string),
  sysctl: map(string),
  mac: orZero(string),
  promisc: orZero(boolean),
  mtu: orZero(int),
  allmulti: boolean,
  txQLen: int,
  runtimeConfig: object('struct { Mac string }', { mac: string }),
  args: object('struct { A *main.IPAMArgs "json:\\"cni\\"" }', { cni: cniArgs }),
})

/** What an interface is to be set to; what is absent stays as it is. */
export interface LinkTuning {
  readonly mac?: RequestedMac
  /** Turned on, and never off. */
  readonly promisc?: true
  readonly mtu?: number
  readonly allmulti?: boolean
  readonly txQLen?: number
}

/** What the configuration asks for. */
export interface TuningConfig {
  /** The folder of backups. */
  readonly dataDir: string
  /** Values by key, in the order of the configuration. */
  readonly sysctls: readonly (readonly [key: string, value: string])[]
  readonly link: LinkTuning
  /** What CHECK compares: also that promiscuous mode is off. */
  readonly promisc: boolean
}

/**
 * @throws JsonError `failed to load netconf: ...`
 * @throws SyntaxError for a sysctl that is there twice, and for what is wrong with CNI_ARGS
 */
export function loadTuningConfig(request: Request): TuningConfig {
  refuseRepeatedSysctls(request)
  const conf = decodeNetConf(tuningConf, request)
  const asked = conf.args?.cni ?? {}
  const promisc = asked.promisc ?? conf.promisc
  const mtu = asked.mtu ?? conf.mtu
  const allmulti = asked.allmulti ?? conf.allmulti
  const txQLen = asked.txQLen ?? conf.txQLen
  const mac = requestedMac(request.args, conf)
  return {
    dataDir: conf.dataDir || '/run/cni/tuning',
    sysctls: Object.entries({ ...conf.sysctl, ...asked.sysctl }),
    promisc,
    link: {
      ...(mac && { mac }),
      ...(promisc && { promisc }),
      ...(mtu !== 0 && { mtu }),
      ...(allmulti !== undefined && { allmulti }),
      ...(txQLen !== undefined && { txQLen }),
    },
  }
}

/** The first of these that there is: `args.cni.mac`, `runtimeConfig.mac`, `MAC` in CNI_ARGS, `mac`. */
function requestedMac(
  args: string,
  conf: Pick<ReturnType<typeof tuningConf.decode>, 'args' | 'runtimeConfig' | 'mac'>,
): RequestedMac | undefined {
  const fromEnvironment = loadArgs(args, { MAC: (text) => text }).MAC
  return (
    macAt('key "args.cni.mac"', conf.args?.cni?.mac) ??
    macAt('key "runtimeConfig.mac"', conf.runtimeConfig?.mac) ??
    macAt('"MAC" in CNI_ARGS', fromEnvironment) ??
    macAt('key "mac"', conf.mac)
  )
}

/** Each of the values could be meant. */
function refuseRepeatedSysctls({ command, config }: Request): void {
  const { sysctl } = config
  if (command !== 'DEL' && isJsonObject(sysctl) && hasRepeatedKeys(sysctl))
    throw new SyntaxError('duplicated sysctl keys are not allowed')
}

/** @throws SyntaxError `invalid args x for MAC addr: ...` */
export function parseMac(mac: RequestedMac | undefined): MAC | undefined {
  return parseRequestedMac(mac, (reason) => `invalid args ${mac?.text} for MAC addr: ${reason}`)
}
