import type { CIDR, IP } from '@patchbay/address'
import {
  type Batch,
  type Chain,
  concat,
  ct,
  type DataType,
  type ElementKey,
  ifname,
  ip,
  ip6,
  meta,
  type NamedObject,
  type NamedSet,
  namedMap,
  namedSet,
  rule,
  verdict,
} from '@patchbay/linux/nftables'
import type { Attachment } from '../../request/attachment.ts'
import {
  bridgeTable,
  type Claim,
  claim,
  elementsOf,
  ipVersions,
  mark,
  recordSet,
  inetTable as table,
} from '../../rules/ruleset/index.ts'
import { DEFAULT_ADMIN_CHAIN } from './config.ts'
import type { BridgePolicy } from './isolation.ts'

/** Where addresses are, by their version. */
export const addressSets = [setsOf(4), setsOf(6)] as const

function setsOf(version: 4 | 6) {
  const key = ipVersions[version].address
  return {
    version,
    /** Addresses that packets are forwarded for. */
    forwarded: namedSet({ table, name: `firewall-addresses${version}`, key }),
    /**
     * Those of them that need the policy of a bridge, with the bridge's object. No rule looks here: the kernel counts how
     * many lead to an object. It would count as well who leads to a chain, but goes through all elements of a map that
     * leads to chains whenever one is added.
     */
    bridged: namedMap({ table, name: `firewall-bridged${version}`, key, data: 'counter' }),
  }
}

/** As `bridged`, for containers without addresses: by their ports of the bridge. Made when there is such a container. */
export const bridgedPorts = namedMap({ table, name: 'firewall-bridged-ports', key: ifname, data: 'counter' })

/** Bridges that have a policy. */
export const bridges = namedSet({ table, name: 'firewall-bridges', key: ifname })
/** Each of them with itself: no expression compares the way in with the way out. */
export const sameBridge = namedSet({ table, name: 'firewall-same-bridge', key: [ifname, ifname] })
/** Those that forward nothing between their own ports either. */
export const isolatedBridges = namedSet({ table, name: 'firewall-isolated', key: ifname })
/** Ports of isolated containers, for what a bridge forwards by itself: which bridge that is, not every kernel tells. */
export const isolatedPorts = namedSet({ table: bridgeTable, name: 'firewall-isolated-ports', key: ifname })

/** Names what each attachment has: `10.9.0.2, isolated veth1, firewall-bridge-cni0`. */
export const records = recordSet('firewall')

// None of them has a policy of its own here: the administrator may close the host by it, and it stays closed.
const forwardHook = { type: 'filter', hook: 'forward', priority: 'filter' } as const
export const forward: Chain = { table, name: 'firewall-forward', base: forwardHook }
const betweenPorts: Chain = { table: bridgeTable, name: 'firewall-forward', base: forwardHook }
const betweenBridges: Chain = { table, name: 'firewall-between-bridges' }
const defaultAdmin: Chain = { table, name: DEFAULT_ADMIN_CHAIN }
/** Leads to the administrator's chains of other names. */
export const otherAdmins: Chain = { table, name: 'firewall-admins' }

/** What an attachment has that rules are about. */
export interface Subject {
  readonly addresses: readonly CIDR[]
  readonly policy: BridgePolicy | undefined
}

/** All that elements for containers need, whatever the bridge. */
export function declareFirewall(batch: Batch, { addresses, policy }: Subject): void {
  batch.addTable(table)
  batch.addSet(records)
  for (const chain of [forward, betweenBridges, defaultAdmin, otherAdmins]) batch.addChain(chain)
  const [v4, v6] = addressSets
  const ofAddresses = [v4.forwarded, v6.forwarded, v4.bridged, v6.bridged]
  for (const set of [...ofAddresses, bridges, sameBridge, isolatedBridges]) batch.addSet(set)
  if (policy && addresses.length === 0) batch.addSet(bridgedPorts)
  // The administrator's chains are made, and never emptied.
  for (const chain of [forward, betweenBridges]) batch.flushChain(chain)
  batch.addRule(rule(forward, meta.iifname.in(bridges), meta.oifname.in(bridges), verdict.jump(betweenBridges.name)))
  for (const { name } of [defaultAdmin, otherAdmins]) batch.addRule(rule(forward, verdict.jump(name)))
  const ofConnection = ct.state.has('established', 'related')
  batch.addRule(rule(forward, ofConnection, ip.daddr.in(v4.forwarded), verdict.accept))
  batch.addRule(rule(forward, ofConnection, ip6.daddr.in(v6.forwarded), verdict.accept))
  // Whose destination the host has changed leads to a published port.
  const published = ct.status.has('dnat')
  batch.addRule(rule(forward, published, ip.daddr.in(v4.forwarded), verdict.accept))
  batch.addRule(rule(forward, published, ip6.daddr.in(v6.forwarded), verdict.accept))
  batch.addRule(rule(forward, ip.saddr.in(v4.forwarded), verdict.accept))
  batch.addRule(rule(forward, ip6.saddr.in(v6.forwarded), verdict.accept))
  const withinOne = concat(meta.iifname, meta.oifname).in(sameBridge)
  batch.addRule(rule(betweenBridges, withinOne, meta.iifname.notIn(isolatedBridges), verdict.return))
  batch.addRule(rule(betweenBridges, verdict.drop))
  if (policy?.isolated) declareBetweenPorts(batch)
}

function declareBetweenPorts(batch: Batch): void {
  batch.addTable(bridgeTable)
  batch.addChain(betweenPorts)
  batch.addSet(isolatedPorts)
  batch.flushChain(betweenPorts)
  batch.addRule(rule(betweenPorts, meta.iifname.in(isolatedPorts), verdict.drop))
  batch.addRule(rule(betweenPorts, meta.oifname.in(isolatedPorts), verdict.drop))
}

/** What an attachment is to have: elements of its own, and those of its bridge. */
export function claimsOf(attachment: Attachment, { addresses, policy }: Subject): Claim[] {
  const comment = mark(attachment)
  const own = addressSets.flatMap(({ version, forwarded, bridged }) => {
    const elements = keysOf(addresses, version).map(({ key }) => ({ key, comment }))
    if (!policy) return [claim(forwarded, elements), withoutBridge(bridged, elements)]
    const data = bridgeObject(policy.bridge).name
    const leading = elements.map((element) => ({ ...element, data }))
    return [claim(forwarded, elements), claim(bridged, leading)]
  })
  const hasPlace = addresses.length > 0 || (policy?.ports.length ?? 0) > 0
  // A container that has nothing the rules could tell it by has no policy either.
  if (!policy || !hasPlace) return own
  const byPorts = addresses.length > 0 ? [] : [claimOfPorts(policy, comment)]
  return [claimOfObject(policy.bridge), ...own, ...byPorts, ...claimsOfBridge(policy, comment)]
}

/** Something of each container has to lead to the bridge's object, or nobody knows when the last one has gone. */
function claimOfPorts({ bridge, ports }: BridgePolicy, comment: string): Claim {
  const data = bridgeObject(bridge).name
  return claim(
    bridgedPorts,
    ports.map((key) => ({ key, data, comment })),
  )
}

/** The addresses of a version, as keys. */
export function keysOf(addresses: readonly CIDR[], version: 4 | 6): { key: IP }[] {
  return addresses.filter(({ family }) => family === version).map(({ address }) => ({ key: address }))
}

/** Nothing; what a container that had one of the addresses before has left there goes. */
function withoutBridge(bridged: NamedSet<DataType<IP>, 'counter'>, keys: readonly ElementKey<DataType<IP>>[]): Claim {
  const taken = elementsOf(bridged, keys)
  let remove: ((batch: Batch) => void) | undefined
  return {
    elements: [],
    fill: (batch) => remove?.(batch),
    async find(nft) {
      const found = await taken.find(nft, () => true)
      remove = found.remove
      return [...found.elements]
    },
  }
}

/** Comes with the bridge's first container, and stays for as long as there are some that lead to it. */
function claimOfObject(bridge: string): Claim {
  return { elements: [], fill: (batch) => batch.addObject(bridgeObject(bridge)), find: async () => [] }
}

function claimsOfBridge({ bridge, isolated, ports }: BridgePolicy, comment: string): Claim[] {
  const elements = [{ key: bridge }]
  const pairs = [{ key: [bridge, bridge] as const }]
  // Every container of the bridge adds these, and finds most of the time that they are there.
  const shared: Claim[] = [
    { ...claim(bridges, elements), fill: (batch) => batch.addElements(bridges, elements) },
    { ...claim(sameBridge, pairs), fill: (batch) => batch.addElements(sameBridge, pairs) },
  ]
  if (!isolated) return shared
  return [
    ...shared,
    { ...claim(isolatedBridges, elements), fill: (batch) => batch.addElements(isolatedBridges, elements) },
    claim(
      isolatedPorts,
      ports.map((key) => ({ key, comment })),
    ),
  ]
}

const BRIDGE_PREFIX = 'firewall-bridge-'

/** The object whose users are the addresses behind a bridge: it can be deleted when the last of them has been. */
export function bridgeObject(bridge: string): NamedObject {
  const comment = 'counts no packets: addresses that lead to it keep the policy of the bridge'
  return { table, name: `${BRIDGE_PREFIX}${escapeName(bridge)}`, state: { kind: 'counter' }, comment }
}

/** @returns `undefined` for an object that belongs to no bridge */
export function bridgeOfObject(name: string): string | undefined {
  return name.startsWith(BRIDGE_PREFIX) ? unescapeName(name.slice(BRIDGE_PREFIX.length)) : undefined
}

/** A name of an interface in letters that names of objects may have as well: what `nft` does not read there is written `/2b`. */
export function escapeName(name: string): string {
  return Array.from(Buffer.from(name), (byte) => {
    const character = String.fromCharCode(byte)
    return /[\w.-]/.test(character) ? character : `/${byte.toString(16).padStart(2, '0')}`
  }).join('')
}

/** The reverse of {@link escapeName}. */
export function unescapeName(text: string): string {
  const bytes = text.replace(/\/([\da-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
  return Buffer.from(bytes, 'latin1').toString()
}
