import { join } from 'node:path'
import { CIDR, type IP, tryParseIP } from '@patchbay/address'
import { array, boolean, type Codec, type Decoded, object, orZero, string, text } from '@patchbay/cni/json'
import { loadArgs, type Request, shortenedName } from '@patchbay/cni/plugin'
import { ip, isAtLeast, type Route, route } from '@patchbay/cni/types'
import { canonicalRangeSets, checkSetsApart, familyOf, type RangeConf, type RangeSet } from './range.ts'

/** Where leases are kept by default. */
const DEFAULT_DATA_DIR = '/var/lib/cni/networks'
/** `<linux/limits.h> NAME_MAX` */
const MAX_FILE_NAME_BYTES = 255

/** The name of a network's directory of leases: the network's name, shortened if it is too long for a file. */
export function directoryOf(network: string): string {
  return shortenedName(network, MAX_FILE_NAME_BYTES)
}

const subnetText = text('string', parseSubnet)
/** Unlike in other fields, `null` is an error here, like an empty text, and does not mean that the key is absent. */
const subnet: Codec<CIDR> = { ...subnetText, read: (json, place) => subnetText.read(json ?? '', place) }

const rangeTable = { subnet, rangeStart: ip, rangeEnd: ip, gateway: ip }
const range: Codec<RangeConf> = { ...object('allocator.Range', rangeTable), zero: {} }
const rangeSet: Codec<RangeConf[]> = { ...array(range, 'allocator.RangeSet'), zero: [] }
const rangeSets = array(rangeSet)

/** An address; a prefix length behind it is ignored. `null` when the text is empty. */
const requestedIp: Codec<IP | null> = { ...text<IP | null>('*ip.IP', parseRequestedIp), zero: null }
const requestedIps = array(requestedIp)

/** The configuration of the plugin `host-local`. */
export const hostLocalConf = object('allocator.Net', {
  cniVersion: orZero(string),
  ipam: object('allocator.IPAMConfig', {
    subnet: promoted(subnet),
    rangeStart: promoted(ip),
    rangeEnd: promoted(ip),
    gateway: promoted(ip),
    type: string,
    routes: array(route, '[]*types.Route'),
    dataDir: orZero(string),
    resolvConf: orZero(string),
    durability: orZero(string),
    keepOverReboot: orZero(boolean),
    ranges: rangeSets,
  }),
  runtimeConfig: object(
    'struct { IPRanges []allocator.RangeSet "json:\\"ipRanges,omitempty\\""; IPs []*ip.IP "json:\\"ips,omitempty\\"" }',
    {
      ipRanges: rangeSets,
      ips: requestedIps,
    },
  ),
  args: object('struct { A *allocator.IPAMArgs "json:\\"cni\\"" }', {
    cni: object('allocator.IPAMArgs', { ips: requestedIps }),
  }),
})

type Net = Decoded<typeof hostLocalConf>

/** A network's configuration of this plugin. */
export interface HostLocalConfig {
  /** The directory of this network's leases. */
  readonly directory: string
  /** One address is allocated from each. */
  readonly sets: readonly RangeSet[]
  /** The key that a set is from, by its index: `ipam.ranges`. */
  readonly keyOf: (set: number) => string
  /** Addresses that the caller wants, in the order of the arguments, the configuration and the capability. */
  readonly requested: readonly IP[]
  readonly routes: readonly Route[]
  /** A resolv.conf(5) for the result's `dns`; empty for none. */
  readonly resolvConf: string
  /** How leases are kept. */
  readonly keeping: {
    /** Whether they outlast a crash of the machine; `undefined` if the directory decides. */
    readonly isSynced: boolean | undefined
    /** Whether they stay after a reboot. */
    readonly keepOverReboot: boolean
  }
}

/**
 * Reads the configuration and the arguments of a call.
 *
 * @throws {SyntaxError} when a value cannot be decoded
 * @throws {RangeError} `IPAM config missing 'ipam' key`, `no IP ranges specified`, `range set 0 overlaps with 1`, and
 *   other errors of the ranges or the durability
 */
export function loadConfig(request: Pick<Request, 'config' | 'args' | 'name'>): HostLocalConfig {
  const conf = hostLocalConf.decode(request.config)
  const { ipam } = conf
  if (ipam === undefined) throw new RangeError("IPAM config missing 'ipam' key")
  const requested = requestedIn(conf, request.args)
  const { runtimeConfig: { ipRanges = [] } = {} } = conf
  const single = singleRange(ipam)
  const keyOf = keysOfSets(ipRanges.length, single.length)
  const sets = canonicalRangeSets([...ipRanges, ...single, ...(ipam.ranges ?? [])], keyOf)
  checkFamilies(sets, conf.cniVersion)
  checkSetsApart(sets)
  const { dataDir, resolvConf, routes = [], keepOverReboot } = ipam
  const keeping = { isSynced: isSynced(ipam.durability), keepOverReboot }
  const directory = join(dataDir || DEFAULT_DATA_DIR, directoryOf(request.name))
  return { directory, sets, keyOf, requested, routes, resolvConf, keeping }
}

/** What to do when a network has leased all that a key gives it. */
export function exhaustedText(network: string, key: string): string {
  const lease = `Cannot lease an address of network "${network}": all that key "${key}" has are leased`
  return `${lease}; "patchbay leases ${network}" lists to whom, and GC releases those of containers that are gone`
}

function isSynced(durability: string): boolean | undefined {
  if (durability === '') return undefined
  if (durability === 'synced' || durability === 'none') return durability === 'synced'
  throw new RangeError(`Cannot use the durability "${durability}": it is neither "synced" nor "none"`)
}

function requestedIn({ args, runtimeConfig }: Net, envArgs: string): IP[] {
  const fromEnvironment = envArgs === '' ? undefined : loadArgs(envArgs, { IP: parseRequestedIp }).IP
  const requested: IP[] = fromEnvironment ? [fromEnvironment] : []
  for (const [key, ips] of Object.entries({
    'args.cni.ips': args?.cni?.ips,
    'runtimeConfig.ips': runtimeConfig?.ips,
  })) {
    for (const wanted of ips ?? []) requested.push(wanted ?? noAddress(key))
  }
  return requested
}

function noAddress(key: string): never {
  throw new RangeError('cannot understand ip: IP <nil> not v4 nor v6', {
    cause: new RangeError(`Cannot read key "${key}": an address is empty`),
  })
}

/** Like the reference plugin, refuses an IPv4 subnet that is written as IPv6. */
function parseSubnet(value: string): CIDR {
  const parsed = CIDR.parse(value)
  if (parsed.family === 4 && value.includes(':')) throw new SyntaxError('IPNet IP and Mask version mismatch')
  return parsed
}

function parseRequestedIp(value: string): IP | undefined {
  if (value === '') return undefined
  const address = value.includes('/') ? tryParseCidr(value)?.address : tryParseIP(value)
  if (address === undefined) throw new SyntaxError(`invalid IP address ${value}`)
  return address
}

function tryParseCidr(value: string): CIDR | undefined {
  try {
    return CIDR.parse(value)
  } catch {
    return undefined
  }
}

/** The range in `ipam` itself is used if it has a subnet. */
function singleRange(ipam: RangeConf): RangeConf[][] {
  return ipam.subnet === undefined ? [] : [[ipam]]
}

/** Sets of the capability come first, then the one in `ipam` itself. */
function keysOfSets(fromCapability: number, single: number): (set: number) => string {
  return (set) => {
    if (set < fromCapability) return 'runtimeConfig.ipRanges'
    return set < fromCapability + single ? 'ipam' : 'ipam.ranges'
  }
}

/** Before 0.3.0 a result has room for one address of each family. */
function checkFamilies(sets: readonly RangeSet[], cniVersion: string): void {
  if (sets.length < 2 || isAtLeast(cniVersion, '0.3.0')) return
  if (new Set(sets.map(familyOf)).size === sets.length) return
  throw new RangeError(`CNI version ${cniVersion} does not support more than 1 address per family`)
}

/** A field of the range that is embedded in `ipam`. Go names the type in the place: `ipam.Range.gateway`. */
function promoted<T>(codec: Codec<T>): Codec<T> {
  return {
    ...codec,
    read: (json, place) =>
      codec.read(json, { ...place, path: promotedPath(place.path), written: place.written ?? place.path }),
  }
}

function promotedPath(path: string): string {
  const key = path.lastIndexOf('.') + 1
  return `${path.slice(0, key)}Range.${path.slice(key)}`
}
