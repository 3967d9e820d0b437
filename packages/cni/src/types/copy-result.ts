import type { DNS, Interface, IPConfig, Result, Route } from './result.ts'

/** Returns a copy of a result that says the same in `cniVersion`, 1.0.0 or newer: without anything that is not printed. */
export function copyWithoutEmpty({ interfaces, ips, routes, dns = {} }: Result, cniVersion: string): Result {
  const copy: Result = { cniVersion, dns: copyDns(dns) }
  if (interfaces?.length) copy.interfaces = interfaces.map(copyInterface)
  if (ips?.length) copy.ips = ips.map(copyAddress)
  if (routes?.length) copy.routes = routes.map(copyRoute)
  return copy
}

function copyDns({ nameservers, domain, search, options }: DNS): DNS {
  const copy: DNS = {}
  if (nameservers?.length) copy.nameservers = [...nameservers]
  if (domain) copy.domain = domain
  if (search?.length) copy.search = [...search]
  if (options?.length) copy.options = [...options]
  return copy
}

function copyInterface({ name, mac, mtu, sandbox, socketPath, pciID }: Interface): Interface {
  const copy: Interface = { name }
  if (mac) copy.mac = mac
  if (mtu) copy.mtu = mtu
  if (sandbox) copy.sandbox = sandbox
  if (socketPath) copy.socketPath = socketPath
  if (pciID) copy.pciID = pciID
  return copy
}

function copyAddress({ interface: index, address, gateway }: IPConfig): IPConfig {
  const copy: IPConfig = { address }
  if (index !== undefined) copy.interface = index
  if (gateway) copy.gateway = gateway
  return copy
}

/** A table or scope of 0 is a value; an MTU, MSS or priority of 0 means unset. */
function copyRoute({ dst, gw, mtu, advmss, priority, table, scope }: Route): Route {
  const copy: Route = { dst }
  if (gw) copy.gw = gw
  if (mtu) copy.mtu = mtu
  if (advmss) copy.advmss = advmss
  if (priority) copy.priority = priority
  if (table !== undefined) copy.table = table
  if (scope !== undefined) copy.scope = scope
  return copy
}
