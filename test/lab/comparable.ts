import type { Facts } from './machine-facts.ts'
import type { NamespaceState, NetworkState } from './network-state.ts'
import type { Json, JsonObject } from './witness.ts'

const mac = /\b(?:[0-9a-f]{2}:){5}[0-9a-f]{2}\b/g
const hostEnd = /^veth[0-9a-f]{8}$/
const random = /\bveth[0-9a-f]{8}\b|\b(?:[0-9a-f]{2}:){5}[0-9a-f]{2}\b/g
/** The first word is not written when it is 0: of the address 02:00. */
const linkLocal = /\bfe80::(?:([0-9a-f]{1,4}):)?([0-9a-f]{0,2}ff):(fe[0-9a-f]{2}):([0-9a-f]{1,4})\b/g
const wellKnown = new Set(['00:00:00:00:00:00', 'ff:ff:ff:ff:ff:ff', '01:80:c2:00:00:00'])

/** Numbers that the kernel gives out, clocks that run, names that it makes of hardware addresses, and our marks on links. */
const incomparable =
  /^(?:if)?index$|^link_index$|^group$|^ifalias$|^link_netnsid$|_timer$|^(?:root|bridge|designated)_\w+$|_id$/

/** IEEE 802, 8.2: the lowest bit of the first octet. */
function isOfGroup(address: string): boolean {
  return /^.[13579bdf]:/.test(address)
}

/** Replaces what is random in observations by names that say which of them are the same: `veth<1>`, `mac<2>`. */
export class Names {
  readonly #kept: ReadonlySet<string>
  readonly #names = new Map<string, string>()
  readonly #counts = { veth: 0, mac: 0 }

  /** @param inputs texts whose hardware addresses were asked for and stay as they are */
  constructor(inputs: readonly string[]) {
    this.#kept = new Set(inputs.flatMap((text) => text.toLowerCase().match(mac) ?? []))
  }

  /**
   * Begins an observation, from which on host ends are counted anew: an attachment that is made again has its old name for
   * Patchbay, and another one for the reference (docs/plugins/bridge.md).
   */
  beginObservation(): void {
    for (const found of this.#names.keys()) if (hostEnd.test(found)) this.#names.delete(found)
    this.#counts.veth = 0
  }

  replaceIn(text: string): string {
    return text
      .replace(random, (found) => this.#nameOf(found))
      .replace(linkLocal, (_, ...words) => {
        const [a = '', b = '', c = '', d = ''] = words.map((word) => String(word ?? '').padStart(4, '0'))
        // RFC 4291 appendix A: the kernel makes the address of the hardware address.
        const octets = `${a}${b.slice(0, 2)}${c.slice(2)}${d}`.match(/../g) ?? []
        const [first = '', ...rest] = octets
        const toggled = (Number.parseInt(first, 16) ^ 2).toString(16).padStart(2, '0')
        return `fe80::<${this.#nameOf([toggled, ...rest].join(':'))}>`
      })
  }

  #nameOf(found: string): string {
    if (wellKnown.has(found) || isOfGroup(found) || this.#kept.has(found)) return found
    const known = this.#names.get(found)
    if (known !== undefined) return known
    const kind = found.startsWith('veth') ? 'veth' : 'mac'
    const name = `${kind}<${++this.#counts[kind]}>`
    this.#names.set(found, name)
    return name
  }
}

/** A state without what differs from one run to the next. */
export function comparableState(state: NetworkState, names: Names): Json {
  const entries = Object.entries(state.namespaces).map(([name, each]) => [name, comparableNamespace(each, names)])
  return {
    namespaces: Object.fromEntries(entries),
    vlans: renamed(state.vlans, names),
    nftables: names.replaceIn(state.nftables),
    files: renamed(state.files, names),
  }
}

function comparableNamespace(state: NamespaceState, names: Names): Json {
  const { links, routes, rules, neighbours, sysctls } = withoutUnusedIpv6(state)
  return {
    links: links.map((link) => renamed(withOperstate(link), names)),
    routes: sorted(routes.map((route) => renamed(withoutCarrier(route), names))),
    rules,
    neighbours: sorted(neighbours.filter(isPermanent).map((neighbour) => renamed(neighbour, names))),
    sysctls: renamed(sysctls, names),
  }
}

/**
 * On its end of a pair where the host has no IPv6 address of its own, Patchbay keeps it from speaking IPv6, which the
 * reference does not (docs/decisions/0014-no-ipv6-on-host-ends.md). What the kernel makes up there is left out of both.
 */
function withoutUnusedIpv6(state: NamespaceState): NamespaceState {
  const ends = state.links.filter(isSilentEnd).map(({ ifname }) => String(ifname))
  const isMadeUp = ({ dev, dst }: JsonObject) => ends.includes(String(dev)) && /^(?:fe80:|ff00::)/.test(String(dst))
  const switches = new Set(ends.flatMap((end) => ['accept_ra', 'disable_ipv6'].map((key) => `ipv6/conf/${end}/${key}`)))
  return {
    ...state,
    links: state.links.map((link) => (ends.includes(String(link['ifname'])) ? withoutIpv6(link) : link)),
    routes: state.routes.filter((route) => !isMadeUp(route)),
    sysctls: Object.fromEntries(Object.entries(state.sysctls).filter(([key]) => !switches.has(key))),
  }
}

function isSilentEnd({ ifname, addr_info: addresses }: JsonObject): boolean {
  return (
    hostEnd.test(String(ifname)) &&
    !addressesIn(addresses).some(({ family, scope }) => family === 'inet6' && scope === 'global')
  )
}

function withoutIpv6(link: JsonObject): JsonObject {
  return { ...link, addr_info: addressesIn(link['addr_info']).filter(({ family }) => family !== 'inet6') }
}

function addressesIn(list: Json | undefined): JsonObject[] {
  return (Array.isArray(list) ? list : []) as JsonObject[]
}

/** The kernel takes up to a second to notice that a carrier is gone. */
function withOperstate(link: JsonObject): JsonObject {
  const flags = Array.isArray(link['flags']) ? link['flags'] : []
  if (!flags.includes('UP') || flags.includes('LOWER_UP')) return link
  return { ...link, operstate: 'DOWN', flags: ['NO-CARRIER', ...flags.filter((flag) => flag !== 'NO-CARRIER')] }
}

/** What the kernel has heard of its neighbours by chance is left out. */
function isPermanent({ state }: JsonObject): boolean {
  return Array.isArray(state) && state.includes('PERMANENT')
}

function withoutCarrier(route: JsonObject): JsonObject {
  const flags = Array.isArray(route['flags']) ? route['flags'] : []
  return { ...route, flags: flags.filter((flag) => flag !== 'linkdown' && flag !== 'dead') }
}

function renamed(value: Json, names: Names): Json {
  if (typeof value === 'string') return names.replaceIn(value)
  if (Array.isArray(value)) return value.map((each) => renamed(each, names))
  if (value === null || typeof value !== 'object') return value
  const kept = Object.entries(value).filter(([key]) => !incomparable.test(key))
  return Object.fromEntries(kept.map(([key, each]) => [names.replaceIn(key), renamed(each, names)]))
}

function sorted(rows: readonly Json[]): Json[] {
  return [...rows].sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))
}

/** Entries of groups that follow from an address (RFC 4291, 2.7.1). */
const solicitedNode = /: forwarding .*"33:33:ff:/

/** Tables that iptables keeps in nf_tables, which it shows itself. */
const ofIptables = /: nft family ip6? table (?:filter|nat|mangle|raw|security)\b/

/** Everything on a machine, without what differs from one run to the next. */
export function comparableFacts(facts: Facts, names: Names): Facts {
  const isLeftOut = (name: string) =>
    incomparable.test(name.slice(name.lastIndexOf(' ') + 1)) || solicitedNode.test(name) || ofIptables.test(name)
  const kept = [...facts].filter(([name]) => !isLeftOut(name))
  return new Map(kept.map(([name, value]) => [names.replaceIn(name), names.replaceIn(value)]))
}
