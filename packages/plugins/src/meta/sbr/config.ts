import { type CIDR, type IP, parseIP } from '@patchbay/address'
import { array, boolean, int, object, orZero, string } from '@patchbay/cni/json'
import type { Request } from '@patchbay/cni/plugin'
import { netConf, type Result } from '@patchbay/cni/types'
import { chainedResult } from '../../request/chained-result.ts'
import { decodeNetConf } from '../../request/decode-netconf.ts'
import { messageOf } from '../../request/error-message.ts'

/** The configuration of the plugin `sbr`. */
export const sbrConf = object('PluginConf', {
  ...netConf.table,
  table: int,
  gateways: array(string),
  addSourceHints: orZero(boolean),
})

/** What the configuration asks for. */
export interface SbrConfig {
  /** A table that somebody else fills; `undefined` for a table of each address's own. */
  readonly table: number | undefined
  /** In place of the gateways in the result, at most one of each IP version. */
  readonly gateways: Readonly<Partial<Record<4 | 6, IP>>>
  /** Whether the interface's networks stay in the main table, as a hint from which address to send to them. */
  readonly addSourceHints: boolean
  readonly prevResult: Result | undefined
}

/** `<linux/rtnetlink.h> RT_TABLE_MAX` */
const LAST_TABLE = 0xffffffff

/**
 * @throws JsonError `failed to parse network configuration: ...`, `could not parse prevResult: ...`
 * @throws RangeError, SyntaxError for tables and gateways that are none
 */
export function loadSbrConfig(request: Request): SbrConfig {
  const {
    table,
    gateways = [],
    addSourceHints,
  } = decodeNetConf(sbrConf, request, 'failed to parse network configuration')
  if (table !== undefined && (table < 1 || table > LAST_TABLE))
    throw new RangeError(`Cannot use key "table": ${table} is not from 1 to ${LAST_TABLE}`)
  return { table, gateways: gatewaysOf(gateways), addSourceHints, prevResult: chainedResult(request) }
}

function gatewaysOf(texts: readonly string[]): SbrConfig['gateways'] {
  if (texts.length > 2) throw new RangeError('gateways list cannot contain more than 2 entries (one IPv4, one IPv6)')
  const gateways: Partial<Record<4 | 6, IP>> = {}
  for (const text of texts) {
    const gateway = parseGateway(text)
    const earlier = gateways[gateway.family]
    if (earlier)
      throw new RangeError(`gateways list contains multiple IPv${gateway.family} addresses: ${earlier} and ${gateway}`)
    gateways[gateway.family] = gateway
  }
  return gateways
}

function parseGateway(text: string): IP {
  try {
    return parseIP(text)
  } catch (cause) {
    throw new SyntaxError(`invalid static gateway IP address: ${text}`, { cause: new SyntaxError(messageOf(cause)) })
  }
}

/** An address of the interface, and the way out from it. */
export interface SourceAddress {
  readonly address: CIDR
  readonly gateway: IP | undefined
}

/** The addresses of a result that are the interface's: those that are not said to be another's. */
export function sourceAddresses(
  { ips = [], interfaces = [] }: Result,
  { ifName }: Request,
  config: SbrConfig,
): SourceAddress[] {
  const own = ips.filter(({ interface: index }) => {
    const owner = index === undefined ? undefined : interfaces[index]
    return owner === undefined || owner.name === ifName
  })
  return own.map(({ address, gateway }) => ({ address, gateway: config.gateways[address.family] ?? gateway }))
}
