import { CIDR, type IP, parseIP } from '@patchbay/address'
import { array, type Decoded, object, orZero, string } from '@patchbay/cni/json'
import { loadArgs, type Request } from '@patchbay/cni/plugin'
import { dns, type IPConfig, ip, route } from '@patchbay/cni/types'

const ipamConf = object('IPAMConfig', {
  type: string,
  addresses: array(object('Address', { address: orZero(string), gateway: ip })),
  routes: array(route, '[]*types.Route'),
  dns,
})

/** The configuration of the plugin `static`. What else a network has is for the plugin that calls this one. */
export const staticConf = object('Net', {
  cniVersion: string,
  ipam: ipamConf,
  args: object('struct { A *main.IPAMArgs "json:\\"cni\\"" }', { cni: object('IPAMArgs', { ips: array(string) }) }),
  runtimeConfig: object('struct { IPs []string "json:\\"ips,omitempty\\"" }', { ips: array(string) }),
})

/** What is to be given out. */
export interface StaticConfig extends Pick<Decoded<typeof ipamConf>, 'routes' | 'dns'> {
  ips: IPConfig[]
}

/**
 * Reads the configuration of a request. Addresses come from the configuration and from `IP` in CNI_ARGS; those of
 * `args.cni.ips` take the place of all others, and those of `runtimeConfig.ips` of these.
 *
 * @throws SyntaxError naming the key and the text that is no address
 */
export function loadStaticConfig(request: Request): StaticConfig {
  const conf = staticConf.decode(request.config)
  if (!conf.ipam) throw new Error("IPAM config missing 'ipam' key")
  const { addresses = [], routes, dns: resolver } = conf.ipam
  const given = argumentAddresses(request.args)
  // All are read, so that what is wrong is told even where another source takes its place.
  const replacing = [
    listedAddresses('runtimeConfig.ips', conf.runtimeConfig?.ips),
    listedAddresses('args.cni.ips', conf.args?.cni?.ips),
  ]
  const replacement = replacing.find((ips) => ips.length > 0)
  return {
    ips: replacement ?? [...addresses.map(configuredAddress), ...given],
    ...(routes && { routes }),
    ...(resolver && { dns: resolver }),
  }
}

function configuredAddress({ address: text, gateway }: { address: string; gateway?: IP }): IPConfig {
  const address = parseAddress(
    text,
    "the 'address' field is expected to be in CIDR notation",
    'key "ipam.addresses.address"',
  )
  return gateway ? { address, gateway } : { address }
}

function listedAddresses(key: string, texts: readonly string[] = []): IPConfig[] {
  return texts.map((text) => ({
    address: parseAddress(text, "an entry in the 'ips' field is NOT in CIDR notation", `key "${key}"`),
  }))
}

/** What CNI_ARGS gives: `IP` and, for those of its addresses whose network it is in, `GATEWAY`; each a list with commas. */
function argumentAddresses(args: string): IPConfig[] {
  const given = loadArgs(args, { IP: listOf, GATEWAY: listOf })
  const ips: IPConfig[] = (given.IP ?? []).map((text) => ({
    address: parseAddress(text, "the 'ip' field is expected to be in CIDR notation", '"IP" in CNI_ARGS'),
  }))
  for (const gateway of (given.GATEWAY ?? []).map(parseGateway))
    for (const ip of ips) if (ip.address.contains(gateway)) ip.gateway = gateway
  return ips
}

function listOf(text: string): string[] {
  return text === '' ? [] : text.split(',').map((item) => item.trim())
}

/** @param where for the error: the key that the text stands under */
function parseAddress(text: string, problem: string, where: string): CIDR {
  try {
    return CIDR.parse(text)
  } catch (cause) {
    throw new SyntaxError(`${problem}, got: '${text}'`, { cause: new SyntaxError(`Cannot read ${where}`, { cause }) })
  }
}

function parseGateway(text: string): IP {
  try {
    return parseIP(text)
  } catch (cause) {
    const where = new SyntaxError('Cannot read "GATEWAY" in CNI_ARGS', { cause })
    throw new SyntaxError(`invalid gateway address: ${text}`, { cause: where })
  }
}
