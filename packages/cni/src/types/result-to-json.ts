import type { JsonObject, JsonValue } from '../json/index.ts'
import type { DNS, Interface, IPConfig, Result, Route } from './result.ts'
import type { Result02, Result04 } from './result-tables.ts'

type Element<T> = NonNullable<T> extends readonly (infer E)[] ? E : never

/** Prints a result as 0.1.0 and 0.2.0 have it; `dns` is always there. */
export function result02ToJson(result: Result02, version: string): JsonObject {
  const json: JsonObject = { cniVersion: version }
  put(json, 'ip4', result.ip4 && familyAddressToJson(result.ip4))
  put(json, 'ip6', result.ip6 && familyAddressToJson(result.ip6))
  json['dns'] = dnsToJson(result.dns)
  return json
}

/** Prints a result as 0.3.0 to 0.4.0 have it; `dns` is always there. */
export function result04ToJson(result: Result04, version: string): JsonObject {
  const json: JsonObject = { cniVersion: version }
  put(json, 'interfaces', result.interfaces?.map(interface04ToJson))
  put(json, 'ips', result.ips?.map(address04ToJson))
  put(json, 'routes', result.routes?.map(routeToJson))
  json['dns'] = dnsToJson(result.dns)
  return json
}

/** Prints a result as 1.0.0 and 1.1.0 have it: every object's keys sorted, an empty `dns` left out. */
export function result10ToJson(result: Result, version: string): JsonObject {
  const json: JsonObject = { cniVersion: version }
  if (result.dns !== undefined && saysSomething(result.dns)) json['dns'] = dnsToJson(result.dns, dns10Keys)
  put(json, 'interfaces', result.interfaces?.map(interface10ToJson))
  put(json, 'ips', result.ips?.map(address10ToJson))
  put(json, 'routes', result.routes?.map(route10ToJson))
  return json
}

function familyAddressToJson({ ip, gateway, routes }: NonNullable<Result02['ip4']>): JsonObject {
  const json: JsonObject = { ip: ip.toString() }
  put(json, 'gateway', gateway?.toString())
  put(json, 'routes', routes?.map(routeToJson))
  return json
}

function interface04ToJson({ name, mac, sandbox }: Element<Result04['interfaces']>): JsonObject {
  const json: JsonObject = { name }
  put(json, 'mac', mac)
  put(json, 'sandbox', sandbox)
  return json
}

function interface10ToJson({ mac, mtu, name, pciID, sandbox, socketPath }: Interface): JsonObject {
  const json: JsonObject = {}
  put(json, 'mac', mac)
  put(json, 'mtu', mtu || undefined)
  json['name'] = name
  put(json, 'pciID', pciID)
  put(json, 'sandbox', sandbox)
  put(json, 'socketPath', socketPath)
  return json
}

function address04ToJson({ version, interface: index, address, gateway }: Element<Result04['ips']>): JsonObject {
  const json: JsonObject = { version }
  put(json, 'interface', index)
  json['address'] = address.toString()
  put(json, 'gateway', gateway?.toString())
  return json
}

function address10ToJson({ address, gateway, interface: index }: IPConfig): JsonObject {
  const json: JsonObject = { address: address.toString() }
  put(json, 'gateway', gateway?.toString())
  put(json, 'interface', index)
  return json
}

/** A table or scope of 0 is a value; an MTU, MSS or priority of 0 means unset. */
function routeToJson({ dst, gw, mtu, advmss, priority, table, scope }: Route): JsonObject {
  const json: JsonObject = { dst: dst.toString() }
  put(json, 'gw', gw?.toString())
  put(json, 'mtu', mtu || undefined)
  put(json, 'advmss', advmss || undefined)
  put(json, 'priority', priority || undefined)
  put(json, 'table', table)
  put(json, 'scope', scope)
  return json
}

function route10ToJson({ dst, gw, mtu, advmss, priority, table, scope }: Route): JsonObject {
  const json: JsonObject = {}
  put(json, 'advmss', advmss || undefined)
  json['dst'] = dst.toString()
  put(json, 'gw', gw?.toString())
  put(json, 'mtu', mtu || undefined)
  put(json, 'priority', priority || undefined)
  put(json, 'scope', scope)
  put(json, 'table', table)
  return json
}

/** Keys in the order in which they are printed: from 1.0.0 on by the alphabet. */
const dnsKeys = ['nameservers', 'domain', 'search', 'options'] as const
const dns10Keys = ['domain', 'nameservers', 'options', 'search'] as const

function dnsToJson(dns: DNS, keys: readonly (keyof DNS)[] = dnsKeys): JsonObject {
  const json: JsonObject = {}
  for (const key of keys) put(json, key, dns[key])
  return json
}

function saysSomething({ nameservers, domain, search, options }: DNS): boolean {
  return Boolean(domain || nameservers?.length || search?.length || options?.length)
}

/** Sets a key, unless the value is empty: `undefined`, empty text, an empty list. */
function put(json: JsonObject, key: string, value: JsonValue | undefined): void {
  if (value === undefined || value === '' || (Array.isArray(value) && value.length === 0)) return
  json[key] = value
}
