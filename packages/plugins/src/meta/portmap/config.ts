import { type CIDR, type IP, parseIP, tryParseIP } from '@patchbay/address'
import {
  array,
  boolean,
  type Decoded,
  int,
  JsonError,
  object,
  orZero,
  quote,
  string,
  withDefault,
} from '@patchbay/cni/json'
import type { Request } from '@patchbay/cni/plugin'
import { netConf, type Result } from '@patchbay/cni/types'
import { chainedResult } from '../../request/chained-result.ts'
import { type BackendName, isBackendName } from '../../rules/backend-name.ts'

const portMapping = object('PortMapEntry', {
  hostPort: orZero(int),
  containerPort: orZero(int),
  protocol: orZero(string),
  hostIP: orZero(string),
})

/** The configuration of the plugin `portmap`. */
export const portmapConf = object('PortMapConf', {
  ...netConf.table,
  backend: string,
  snat: withDefault(boolean, true),
  conditionsV4: array(string),
  conditionsV6: array(string),
  masqAll: orZero(boolean),
  markMasqBit: int,
  externalSetMarkChain: string,
  runtimeConfig: orZero(
    object('struct { PortMaps []main.PortMapEntry "json:\\"portMappings,omitempty\\"" }', {
      portMappings: orZero(array({ ...portMapping, zero: portMapping.decode({}) })),
    }),
  ),
})

/** A port of the host that is one of the container. */
export interface PortMapping {
  readonly hostPort: number
  readonly containerPort: number
  /** `tcp`, `udp`, `sctp` */
  readonly protocol: string
  /** As it was written: address of the host; empty for all of them. */
  readonly hostIP: string
}

/** What the configuration and the result before it ask for, checked. */
export interface PortmapConfig extends Pick<Decoded<typeof portmapConf>, 'snat' | 'masqAll'> {
  /** `undefined` when the host decides. */
  readonly backend: BackendName | undefined
  readonly mappings: readonly PortMapping[]
  /** More words that a packet must match to be redirected, by IP version. */
  readonly conditions: Readonly<Record<4 | 6, readonly string[]>>
  /** The bit that marks what is to be masqueraded; 0 to 31. */
  readonly markBit: number
  /** A chain of someone else that marks packets; empty when the plugin has its own. */
  readonly externalSetMarkChain: string
  readonly prevResult: Result | undefined
  /** The container's first address of each IP version. */
  readonly addresses: Readonly<Record<4 | 6, CIDR | undefined>>
}

const DEFAULT_MARK_BIT = 13
const MAX_PORT = 65535
const loopback6 = parseIP('::1')

/**
 * Reads the configuration of a request; the same checks for every command.
 *
 * @throws Error naming the key and what it may be, in the reference's words
 */
export function loadPortmapConfig(request: Request): PortmapConfig {
  const conf = decode(request)
  const { snat, masqAll, conditionsV4 = [], conditionsV6 = [], externalSetMarkChain = '' } = conf
  const prevResult = chainedResult(request)
  if (conf.externalSetMarkChain !== undefined && conf.markMasqBit !== undefined)
    throw new Error('Cannot specify externalSetMarkChain and markMasqBit')
  const markBit = conf.markMasqBit ?? DEFAULT_MARK_BIT
  if (markBit < 0 || markBit > 31) throw new RangeError('MasqMarkBit must be between 0 and 31')
  const backend = checkBackend(conf)
  for (const { hostPort, containerPort } of conf.runtimeConfig.portMappings) {
    if (containerPort <= 0) throw wrongPort('containerPort', containerPort)
    if (hostPort <= 0) throw wrongPort('hostPort', hostPort)
  }
  return {
    snat,
    masqAll,
    backend,
    mappings: conf.runtimeConfig.portMappings,
    conditions: { 4: conditionsV4, 6: conditionsV6 },
    markBit,
    externalSetMarkChain,
    prevResult,
    addresses: containerAddresses(request, prevResult),
  }
}

function decode(request: Request): Decoded<typeof portmapConf> {
  try {
    return portmapConf.decode(request.config)
  } catch (error) {
    if (!(error instanceof JsonError)) throw error
    throw new JsonError(`failed to parse network configuration: ${error.message}`)
  }
}

function wrongPort(key: 'hostPort' | 'containerPort', port: number): RangeError {
  const cause = new RangeError(`Cannot use key "runtimeConfig.portMappings.${key}": ports are 1 to ${MAX_PORT}`)
  return new RangeError(`Invalid ${key === 'hostPort' ? 'host' : 'container'} port number: ${port}`, { cause })
}

/**
 * What would fail half way otherwise, or redirect nothing.
 *
 * @throws RangeError
 */
export function checkMappings(mappings: readonly PortMapping[]): void {
  for (const { hostPort, containerPort, protocol, hostIP } of mappings) {
    if (containerPort > MAX_PORT) throw wrongPort('containerPort', containerPort)
    if (hostPort > MAX_PORT) throw wrongPort('hostPort', hostPort)
    const problem = (state: string) => new RangeError(`Cannot publish port ${hostPort}: ${state}`)
    if (protocol === '') throw problem('its mapping has no protocol')
    if (hostIP !== '' && !tryParseIP(hostIP)) throw problem(`${quote(hostIP)} is no IP address`)
  }
}

/** What to warn of: mappings that can be made and that nobody can use. */
export function unservedMappings(mappings: readonly PortMapping[]): string[] {
  return mappings
    .filter((mapping) => hostAddress(mapping)?.equals(loopback6))
    .map(
      ({ hostPort, protocol }) =>
        `Cannot publish ${protocol} port ${hostPort} at "::1": the kernel lets no container answer to it; publish it at "127.0.0.1"`,
    )
}

/** The address of the host that a mapping is for; `undefined` for all of them. */
export function hostAddress({ hostIP }: PortMapping): IP | undefined {
  return tryParseIP(hostIP)
}

/** Whether a mapping is for an IP version: one without an address is for both. */
export function isForVersion(mapping: PortMapping, version: 4 | 6): boolean {
  return mapping.hostIP === '' || hostAddress(mapping)?.family === version
}

/** Keys that are for one of the backends decide, where none is named. */
function checkBackend(conf: Decoded<typeof portmapConf>): BackendName | undefined {
  const { backend } = conf
  if (backend !== undefined && !isBackendName(backend)) throw new Error(`unrecognized backend ${quote(backend)}`)
  const conditions = (language: BackendName) =>
    (['conditionsV4', 'conditionsV6'] as const).filter((key) => languageOf(conf[key]) === language)
  const own = {
    iptables: [...(conf.externalSetMarkChain === undefined ? [] : ['externalSetMarkChain']), ...conditions('iptables')],
    nftables: conditions('nftables'),
  }
  const isForIptables = own.iptables.length > 0 || conf.markMasqBit !== undefined
  const chosen = backend ?? (isForIptables ? 'iptables' : own.nftables.length > 0 ? 'nftables' : undefined)
  if (chosen === undefined) return undefined
  const other = chosen === 'iptables' ? 'nftables' : 'iptables'
  if (own[other].length > 0)
    throw new Error(
      `${chosen} backend was requested but configuration contains ${other}-specific options [${own[other].join(' ')}]`,
    )
  return chosen
}

function languageOf(conditions: readonly string[] | undefined): BackendName | undefined {
  const first = conditions?.[0]
  // The reference takes an empty word for one of iptables as well.
  if (!first) return undefined
  return first.startsWith('-') || first.startsWith('!') ? 'iptables' : 'nftables'
}

/** Of the container's own interface, and those that belong to none. */
function containerAddresses(request: Request, result: Result | undefined): PortmapConfig['addresses'] {
  const own = (result?.ips ?? []).filter(({ interface: index }) => {
    const link = index === undefined ? undefined : result?.interfaces?.[index]
    return link === undefined || (link.name === request.ifName && Boolean(link.sandbox))
  })
  const first = (version: 4 | 6) => own.find(({ address }) => address.family === version)?.address
  return { 4: first(4), 6: first(6) }
}
