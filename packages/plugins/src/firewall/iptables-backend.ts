import type { CIDR } from '@patchbay/address'
import type { Request } from '@patchbay/cni/plugin'
import {
  changeEachVersion,
  changeTable,
  cleanEachVersion,
  cleanTable,
  findMissingRule,
  isSameRule,
  type PlacedRule,
  type Rule,
  type TableChange,
  type TableName,
  versionsOf,
} from '../iptables/index.ts'
import type { FirewallBackend } from './backend.ts'
import type { FirewallConfig } from './config.ts'
import { type BridgePolicy, isolate } from './isolation.ts'

const FORWARD = 'CNI-FORWARD'
/** Addresses that published ports may lead to. The reference has no such chain, and leaves it alone. */
const PUBLISHED = 'CNI-PUBLISHED'

/**
 * Forwarding by iptables(8), in the reference's rules, and in a chain of our own what published ports need. DEL leaves out
 * what there is for a policy, CHECK that and our own chain, which a container that the reference has attached does without.
 */
export function iptablesFirewall(
  request: Request,
  { adminChain }: FirewallConfig,
  policy: BridgePolicy | undefined,
): FirewallBackend {
  const top = topRules(adminChain)
  return {
    add: (addresses) =>
      changeFilter(request, versionsOf(addresses), (change, version) => {
        for (const chain of [FORWARD, adminChain, PUBLISHED]) change.ensureChain(chain)
        for (const { chain, rule } of top) change.ensureRule(chain, rule, { first: true })
        for (const rule of rulesFor(addresses, version)) change.ensureRule(FORWARD, rule)
        change.ensureRule(FORWARD, toPublished)
        for (const rule of publishedRules(addresses, version)) change.ensureRule(PUBLISHED, rule)
        if (policy) isolate(change, policy)
      }),
    del: (addresses) =>
      cleanEachVersion(request, versionsOf(addresses), (version) =>
        cleanTable(request, { ...filter(version), certain: true }, (change) => {
          deleteEach(change, FORWARD, rulesFor(addresses, version))
          deleteEach(change, PUBLISHED, publishedRules(addresses, version))
        }),
      ),
    check: async (addresses) => {
      for (const version of versionsOf(addresses)) {
        const own = rulesFor(addresses, version).map((rule) => ({ chain: FORWARD, rule }))
        const missing = await findMissingRule(request, filter(version), [...top, ...own])
        if (missing) throw new Error(`expected ${describe(missing, top)} not found`)
      }
    },
  }
}

/** The policy alone, for a host where something else forwards. It stays. */
export function iptablesPolicy(request: Request, policy: BridgePolicy | undefined): FirewallBackend {
  return {
    add: (addresses) =>
      changeFilter(request, versionsOf(addresses), (change) => {
        if (policy) isolate(change, policy)
      }),
    del: async () => {},
    check: async () => {},
  }
}

function changeFilter(
  request: Request,
  versions: readonly (4 | 6)[],
  plan: (change: TableChange, version: 4 | 6) => void,
): Promise<void> {
  return changeEachVersion(request, versions, (version) =>
    changeTable(request, filter(version), (change) => plan(change, version)),
  )
}

function filter(version: 4 | 6): TableName {
  return { version, table: 'filter' }
}

/** Rules that are there once for all containers, before others of their chains. */
function topRules(adminChain: string): PlacedRule[] {
  const commented = (text: string) => ['-m', 'comment', '--comment', text]
  return [
    { chain: 'FORWARD', rule: [...commented('CNI firewall plugin rules'), '-j', FORWARD] },
    { chain: FORWARD, rule: [...commented('CNI firewall plugin admin overrides'), '-j', adminChain] },
  ]
}

/** To an address what belongs to its connections, and from it everything. */
function rulesFor(addresses: readonly CIDR[], version: 4 | 6): Rule[] {
  return hostsOf(addresses, version).flatMap((host) => [
    ['-d', host, '-m', 'conntrack', '--ctstate', 'RELATED,ESTABLISHED', '-j', 'ACCEPT'],
    ['-s', host, '-j', 'ACCEPT'],
  ])
}

/** Of connections whose destination the host has changed: those to a port that is published. */
const toPublished: Rule = ['-m', 'conntrack', '--ctstate', 'DNAT', '-j', PUBLISHED]

function publishedRules(addresses: readonly CIDR[], version: 4 | 6): Rule[] {
  return hostsOf(addresses, version).map((host) => ['-d', host, '-j', 'ACCEPT'])
}

function hostsOf(addresses: readonly CIDR[], version: 4 | 6): string[] {
  return addresses.filter(({ family }) => family === version).map(({ address }) => `${address}/${address.bits}`)
}

function deleteEach(change: TableChange, chain: string, unwanted: readonly Rule[]): void {
  change.deleteRules(chain, (rule) => unwanted.some((each) => isSameRule(each, rule)))
}

function describe(missing: PlacedRule, top: readonly PlacedRule[]): string {
  const where = top.includes(missing) ? `${missing.chain} ` : ''
  return `${where}rule [${missing.rule.join(' ')}]`
}
