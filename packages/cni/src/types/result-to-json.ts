import type { JsonObject, JsonValue } from '../json/index.ts'
import type { DNS, Interface, Result, Route } from './result.ts'
import type { Result02, Result04 } from './result-tables.ts'

/** Prints a result as 0.1.0 and 0.2.0 have it; `dns` is always there. */
export function result02ToJson(result: Result02, version: string): JsonObject {
  return compact({
    cniVersion: version,
    ip4: result.ip4 && familyAddressToJson(result.ip4),
    ip6: result.ip6 && familyAddressToJson(result.ip6),
    dns: dnsToJson(result.dns),
  })
}

/** Prints a result as 0.3.0 to 0.4.0 have it; `dns` is always there. */
export function result04ToJson(result: Result04, version: string): JsonObject {
  return compact({
    cniVersion: version,
    interfaces: result.interfaces?.map(({ name, mac, sandbox }) => ({ name, ...compact({ mac, sandbox }) })),
    ips: result.ips?.map(({ version: ipVersion, address, interface: index, gateway }) => ({
      version: ipVersion,
      ...compact({ interface: index, address: address.toString(), gateway: gateway?.toString() }),
    })),
    routes: result.routes?.map(routeToJson),
    dns: dnsToJson(result.dns),
  })
}

/** Prints a result as 1.0.0 and 1.1.0 have it: every object's keys sorted, `dns` left out when it says nothing. */
export function result10ToJson(result: Result, version: string): JsonObject {
  const dns = dnsToJson(result.dns ?? {})
  return compact({
    cniVersion: version,
    dns: Object.keys(dns).length > 0 ? sorted(dns) : undefined,
    interfaces: result.interfaces?.map(interfaceToJson),
    ips: result.ips?.map(({ address, gateway, interface: index }) =>
      compact({ address: address.toString(), gateway: gateway?.toString(), interface: index }),
    ),
    routes: result.routes?.map((route) => sorted(routeToJson(route))),
  })
}

function familyAddressToJson({ ip, gateway, routes }: NonNullable<Result02['ip4']>): JsonObject {
  return compact({ ip: ip.toString(), gateway: gateway?.toString(), routes: routes?.map(routeToJson) })
}

function interfaceToJson({ mac, mtu, name, pciID, sandbox, socketPath }: Interface): JsonObject {
  return sorted({ name, ...compact({ mac, mtu: mtu || undefined, pciID, sandbox, socketPath }) })
}

/** A table or scope of 0 is a value; an MTU, MSS or priority of 0 is none. */
function routeToJson({ dst, gw, mtu, advmss, priority, table, scope }: Route): JsonObject {
  return compact({
    dst: dst.toString(),
    gw: gw?.toString(),
    mtu: mtu || undefined,
    advmss: advmss || undefined,
    priority: priority || undefined,
    table,
    scope,
  })
}

function dnsToJson({ nameservers, domain, search, options }: DNS): JsonObject {
  return compact({ nameservers, domain, search, options })
}

/** Leaves out what says nothing: `undefined`, empty text, an empty list. */
function compact(values: Readonly<Record<string, JsonValue | undefined>>): JsonObject {
  const json: JsonObject = {}
  for (const [key, value] of Object.entries(values)) {
    if (value !== undefined && value !== '' && !(Array.isArray(value) && value.length === 0)) json[key] = value
  }
  return json
}

function sorted(object: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(object).sort(([a], [b]) => (a < b ? -1 : 1)))
}
