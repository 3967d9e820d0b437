import type { Result } from './result.ts'
import type { Result02, Result04 } from './result-tables.ts'

/** A result in one of the three shapes that the versions of the protocol have had. */
export type ShapedResult =
  | { readonly shape: '0.2'; readonly result: Result02 }
  | { readonly shape: '0.4'; readonly result: Result04 }
  | { readonly shape: '1.0'; readonly result: Result }

/** Returns a result in the shape of 0.1.0 and 0.2.0. Throws TypeError `cannot convert: no valid IP addresses`. */
export function asResult02(from: ShapedResult): Result02 {
  return from.shape === '0.2' ? from.result : reduceTo02(asResult04(from))
}

/** Returns a result in the shape of 0.3.0 to 0.4.0. */
export function asResult04(from: ShapedResult): Result04 {
  if (from.shape === '0.4') return from.result
  return from.shape === '0.2' ? extendTo04(from.result) : reduceTo04(from.result)
}

/** Returns a result in the shape of 1.0.0 and 1.1.0, the newest. */
export function asResult10(from: ShapedResult): Result {
  return from.shape === '1.0' ? from.result : extendTo10(asResult04(from))
}

/** Removes empty values from a result and returns it: empty lists, and 0 where it means unset. */
export function withoutEmpty(result: Result): Result {
  dropEmpty(result, ['interfaces', 'ips', 'routes'])
  dropEmpty(result.dns ?? {}, ['nameservers', 'search', 'options'])
  for (const one of result.interfaces ?? []) dropEmpty(one, ['mtu'])
  for (const one of result.routes ?? []) dropEmpty(one, ['mtu', 'advmss', 'priority'])
  return result
}

function dropEmpty<T extends object>(object: T, keys: readonly (keyof T)[]): void {
  for (const key of keys) {
    const value = object[key]
    if (value === 0 || (Array.isArray(value) && value.length === 0)) delete object[key]
  }
}

function extendTo04({ cniVersion, ip4, ip6, dns }: Result02): Result04 {
  const ips = [
    ...(ip4 ? [{ version: '4', address: ip4.ip, ...(ip4.gateway ? { gateway: ip4.gateway } : {}) }] : []),
    ...(ip6 ? [{ version: '6', address: ip6.ip, ...(ip6.gateway ? { gateway: ip6.gateway } : {}) }] : []),
  ]
  return { cniVersion, ips, routes: [...(ip4?.routes ?? []), ...(ip6?.routes ?? [])], dns }
}

function extendTo10({ ips = [], ...rest }: Result04): Result {
  return { ...rest, ips: ips.map(({ version: _, ...ip }) => ip) }
}

function reduceTo04({ cniVersion, interfaces = [], ips = [], routes = [], dns = {} }: Result): Result04 {
  return {
    cniVersion,
    interfaces: interfaces.map(({ mtu: _m, socketPath: _s, pciID: _p, ...kept }) => kept),
    ips: ips.map((ip) => ({ version: String(ip.address.family), ...ip })),
    routes,
    dns,
  }
}

/** One address a family is all there is room for; a route stays when its family has an address. */
function reduceTo02({ cniVersion, interfaces, ips = [], routes = [], dns }: Result04): Result02 {
  const [ip4, ip6] = (['4', '6'] as const).map((version) => {
    // The field decides, not the address: an entry that leaves it empty is passed over.
    const first = ips.find((ip) => ip.version === version)
    if (first === undefined) return undefined
    const kept = routes.filter(({ dst }) => String(dst.family) === version)
    return {
      ip: first.address,
      ...(first.gateway ? { gateway: first.gateway } : {}),
      routes: kept.map(({ dst, gw }) => (gw ? { dst, gw } : { dst })),
    }
  })
  if (!(ip4 || ip6 || isEmpty02(cniVersion, interfaces))) throw new TypeError('cannot convert: no valid IP addresses')
  return { cniVersion, ...(ip4 ? { ip4 } : {}), ...(ip6 ? { ip6 } : {}), dns }
}

/** Whether a result was one without addresses in this shape, as a plugin may get it from those before it. */
function isEmpty02(cniVersion: string, interfaces: Result04['interfaces'] = []): boolean {
  return interfaces.length === 0 && (cniVersion === '0.1.0' || cniVersion === '0.2.0')
}
