import type { CIDR } from '@patchbay/address'
import {
  type Batch,
  type Chain,
  concat,
  ct,
  ifname,
  ip,
  ip6,
  ipv4Addr,
  ipv6Addr,
  meta,
  namedMap,
  namedSet,
  rule,
  verdict,
} from '@patchbay/linux/nftables'
import { type Attachment, bridgeTable, type Claim, claim, mark, inetTable as table } from '../ruleset/index.ts'
import { DEFAULT_ADMIN_CHAIN } from './config.ts'
import type { BridgePolicy } from './isolation.ts'

/** Addresses that packets are forwarded for. Those in a network with a policy go to the chain of its bridge. */
export const map4 = namedMap({ table, name: 'firewall4', key: ipv4Addr, data: 'verdict' })
export const map6 = namedMap({ table, name: 'firewall6', key: ipv6Addr, data: 'verdict' })

/** Bridges that have a policy. */
export const bridges = namedSet({ table, name: 'firewall-bridges', key: ifname })
/** Each of them with itself: no expression compares the way in with the way out. */
export const sameBridge = namedSet({ table, name: 'firewall-same-bridge', key: [ifname, ifname] })
/** Those that forward nothing between their own ports either. */
export const isolatedBridges = namedSet({ table, name: 'firewall-isolated', key: ifname })
/** Ports of isolated containers, for what a bridge forwards by itself: which bridge that is, not every kernel tells. */
export const isolatedPorts = namedSet({ table: bridgeTable, name: 'firewall-isolated-ports', key: ifname })

// None of them has a policy of its own here: the administrator may close the host by it, and it stays closed.
const forwardHook = { type: 'filter', hook: 'forward', priority: 'filter' } as const
export const forward: Chain = { table, name: 'firewall-forward', base: forwardHook }
const betweenPorts: Chain = { table: bridgeTable, name: 'firewall-forward', base: forwardHook }
const betweenBridges: Chain = { table, name: 'firewall-between-bridges' }
const defaultAdmin: Chain = { table, name: DEFAULT_ADMIN_CHAIN }
/** Leads to the administrator's chains of other names. */
export const otherAdmins: Chain = { table, name: 'firewall-admins' }

/** How many rules {@link forward} has. */
export const RULES_OF_FORWARD = 7
/** How many rules the chain of a bridge has. */
export const RULES_OF_BRIDGE = 1

/** All that elements for containers need: constant but for one chain a bridge that has a policy. */
export function declareFirewall(batch: Batch, policy: BridgePolicy | undefined): void {
  batch.addTable(table)
  for (const chain of [forward, betweenBridges, defaultAdmin, otherAdmins]) batch.addChain(chain)
  for (const set of [map4, map6, bridges, sameBridge, isolatedBridges]) batch.addSet(set)
  // The administrator's chains are made, and never emptied.
  for (const chain of [forward, betweenBridges]) batch.flushChain(chain)
  batch.addRule(rule(forward, meta.iifname.in(bridges), meta.oifname.in(bridges), verdict.jump(betweenBridges.name)))
  for (const { name } of [defaultAdmin, otherAdmins]) batch.addRule(rule(forward, verdict.jump(name)))
  const ofConnection = ct.state.has('established', 'related')
  batch.addRule(rule(forward, ofConnection, ip.daddr.vmap(map4)))
  batch.addRule(rule(forward, ofConnection, ip6.daddr.vmap(map6)))
  batch.addRule(rule(forward, ip.saddr.vmap(map4)))
  batch.addRule(rule(forward, ip6.saddr.vmap(map6)))
  const withinOne = concat(meta.iifname, meta.oifname).in(sameBridge)
  batch.addRule(rule(betweenBridges, withinOne, meta.iifname.notIn(isolatedBridges), verdict.return))
  batch.addRule(rule(betweenBridges, verdict.drop))
  if (policy) declareBridge(batch, policy)
}

/** The chain whose users are the addresses behind a bridge: it can be deleted when the last of them has been. */
function declareBridge(batch: Batch, { bridge, isolated }: BridgePolicy): void {
  const chain = bridgeChain(bridge)
  batch.addChain(chain)
  batch.flushChain(chain)
  batch.addRule(rule(chain, verdict.accept))
  if (!isolated) return
  batch.addTable(bridgeTable)
  batch.addChain(betweenPorts)
  batch.addSet(isolatedPorts)
  batch.flushChain(betweenPorts)
  batch.addRule(rule(betweenPorts, meta.iifname.in(isolatedPorts), verdict.drop))
  batch.addRule(rule(betweenPorts, meta.oifname.in(isolatedPorts), verdict.drop))
}

/** What an attachment is to have: elements of its own, and those of its bridge. */
export function claimsOf(
  attachment: Attachment,
  { addresses, policy }: { addresses: readonly CIDR[]; policy: BridgePolicy | undefined },
): Claim[] {
  const comment = mark(attachment)
  const data = policy ? verdict.goto(bridgeChain(policy.bridge).name) : verdict.accept
  const elementsOf = (version: 4 | 6) =>
    addresses.filter(({ family }) => family === version).map(({ address }) => ({ key: address, data, comment }))
  const own = [claim(map4, elementsOf(4)), claim(map6, elementsOf(6))]
  return policy ? [...own, ...claimsOfBridge(policy, comment)] : own
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

/** What a name of an interface may have and `nft` does not read in one of a chain is written `/2b`. */
export function bridgeChain(bridge: string): Chain {
  const escaped = Array.from(Buffer.from(bridge), (byte) => {
    const character = String.fromCharCode(byte)
    return /[\w.-]/.test(character) ? character : `/${byte.toString(16).padStart(2, '0')}`
  })
  return { table, name: `${BRIDGE_PREFIX}${escaped.join('')}` }
}

/** @returns `undefined` for a chain that is none of a bridge */
export function bridgeOfChain(name: string): string | undefined {
  if (!name.startsWith(BRIDGE_PREFIX)) return undefined
  const bytes = name.slice(BRIDGE_PREFIX.length).replace(/\/([\da-f]{2})/g, (_, hex: string) => {
    return String.fromCharCode(Number.parseInt(hex, 16))
  })
  return Buffer.from(bytes, 'latin1').toString()
}
