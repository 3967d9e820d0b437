import { object, uint64 } from '@patchbay/cni/json'
import type { Request } from '@patchbay/cni/plugin'
import { netConf, type Result } from '@patchbay/cni/types'
import { chainedResult } from '../../request/chained-result.ts'
import { decodeNetConf } from '../../request/decode-netconf.ts'

const keys = { ingressRate: uint64, ingressBurst: uint64, egressRate: uint64, egressBurst: uint64 } as const

const bandwidthEntry = object('BandwidthEntry', keys)

/** The configuration of the plugin `bandwidth`. */
export const bandwidthConf = object('PluginConf', {
  ...netConf.table,
  ...keys,
  runtimeConfig: object('struct { Bandwidth *main.BandwidthEntry "json:\\"bandwidth,omitempty\\"" }', {
    bandwidth: bandwidthEntry,
  }),
})

/** How quickly packets may go one way. */
export interface Limit {
  /** Bytes a second. */
  readonly rate: bigint
  /** Bytes that may go at once after a pause. */
  readonly burst: number
}

/** What the configuration asks for. */
export interface BandwidthConfig {
  /** Towards the container. */
  readonly ingress: Limit | undefined
  /** From the container. */
  readonly egress: Limit | undefined
  readonly prevResult: Result | undefined
}

/** Burst lengths are numbers of 32 bits for the kernel. */
const MOST_BYTES = 0xffffffffn

/**
 * What the configuration says, or else the runtime: never some of one and some of the other.
 *
 * @throws JsonError `failed to parse network configuration: ...`, `could not parse prevResult: ...`
 * @throws RangeError when a rate is without burst, or the other way round, or too small or large a number
 */
export function loadBandwidthConfig(request: Request): BandwidthConfig {
  const conf = decodeNetConf(bandwidthConf, request, 'failed to parse network configuration')
  const isSaid = Object.keys(keys).some((key) => conf[key as keyof typeof keys] !== undefined)
  const { ingressRate, ingressBurst, egressRate, egressBurst } = isSaid ? conf : (conf.runtimeConfig?.bandwidth ?? {})
  return {
    ingress: limitOf('ingress', ingressRate, ingressBurst),
    egress: limitOf('egress', egressRate, egressBurst),
    prevResult: chainedResult(request),
  }
}

/** Bits, of which 0 says nothing. */
function limitOf(way: string, rateBits = 0n, burstBits = 0n): Limit | undefined {
  if (rateBits === 0n && burstBits === 0n) return undefined
  if (burstBits === 0n) throw new RangeError('if rate is set, burst must also be set')
  if (rateBits === 0n) throw new RangeError('if burst is set, rate must also be set')
  const [rate, burst] = [rateBits / 8n, burstBits / 8n]
  if (burst >= MOST_BYTES) throw new RangeError('burst cannot be more than 4GB')
  // Without a whole byte nothing would ever pass.
  if (rate === 0n) throw new RangeError(`Cannot use key "${way}Rate": ${rateBits} bits a second are less than a byte`)
  return { rate, burst: Number(burst) }
}
