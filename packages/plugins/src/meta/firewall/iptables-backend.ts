import type { CIDR } from '@patchbay/address'
import type { Request } from '@patchbay/cni/plugin'
import { checkError, remedies } from '../../request/check-error.ts'
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
} from '../../rules/iptables/index.ts'
import { type IsOurs, markOf, otherVersionsWithChain, ownedBy } from '../../rules/ruleset/index.ts'
import type { ChosenBackend } from './backend.ts'
import type { FirewallConfig } from './config.ts'
import { CNI_FORWARD } from './host-filter.ts'
import { type BridgePolicy, isolate, policyRules } from './isolation.ts'
import { claimHosts, hostsOfOwner, PUBLISHED, releaseHosts, toPublished } from './published-addresses.ts'
import { addressesOfOthers } from './remembered-addresses.ts'

/** What can be taken away again. */
export interface IptablesFirewall extends ChosenBackend {
  /** Removes what an owner has whose addresses are unknown. */
  removeOwned(isOurs: IsOurs): Promise<void>
}

/**
 * Forwarding by iptables(8), in the reference's rules, and in a chain of our own what published ports need and whose the
 * addresses are. DEL leaves out what there is for a policy, CHECK our own chain, which a container that the reference has
 * attached does without.
 */
export function iptablesFirewall(
  request: Request,
  { adminChain }: FirewallConfig,
  policy: BridgePolicy | undefined,
): IptablesFirewall {
  const top = topRules(adminChain)
  const isOurs = ownedBy(request)
  return {
    add: async (addresses) => {
      let hasFormer = false
      await changeFilter(request, versionsOf(addresses), (change, version) => {
        for (const chain of [CNI_FORWARD, adminChain, PUBLISHED]) change.ensureChain(chain)
        for (const { chain, rule } of top) change.ensureRule(chain, rule, { first: true })
        const hosts = hostsOf(addresses, version)
        for (const rule of rulesFor(hosts)) change.ensureRule(CNI_FORWARD, rule)
        change.ensureRule(CNI_FORWARD, toPublished)
        claimHosts(change, hosts, request)
        if (policy) isolate(change, policy)
        hasFormer ||= hostsOfOwner(change, isOurs).length > hosts.length
      })
      if (hasFormer) await removeOwned(request, isOurs, addresses)
      return []
    },
    del: (addresses) => remove(request, addresses, isOurs),
    removeOwned: (isOwned) => removeOwned(request, isOwned),
    check: async (addresses) => {
      const shared = [...top, ...(policy ? policyRules(policy) : [])]
      await checkFilter(request, { addresses, shared, own: rulesFor })
    },
  }
}

/** Removes the rules of addresses that are not another's, and what an owner has of other addresses. */
async function remove(request: Request, addresses: readonly CIDR[], isOurs: IsOurs): Promise<void> {
  const told = versionsOf(addresses)
  const chain = { table: 'filter', chain: PUBLISHED } as const
  let hasOthers = false
  const clean = (version: 4 | 6) =>
    cleanTable(request, { ...filter(version), certain: told.includes(version) }, (change) => {
      const taken = hostsOfOwner(change, (comment) => markOf(comment) !== undefined && !isOurs(comment))
      removeHosts(
        change,
        hostsOf(addresses, version).filter((host) => !taken.includes(host)),
      )
      hasOthers ||= hostsOfOwner(change, isOurs).length > 0
    })
  await cleanEachVersion(request, [...told, ...(await otherVersionsWithChain(request, told, chain))], clean)
  if (hasOthers) await removeOwned(request, isOurs)
}

/** The policy alone, for a host where something else forwards. It stays. */
export function iptablesPolicy(request: Request, policy: BridgePolicy | undefined): ChosenBackend {
  return {
    add: async (addresses) => {
      if (policy) await changeFilter(request, versionsOf(addresses), (change) => isolate(change, policy))
      return []
    },
    del: async () => {},
    check: async (addresses) => {
      if (policy) await checkFilter(request, { addresses, shared: policyRules(policy), own: () => [] })
    },
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

async function checkFilter(
  request: Request,
  {
    addresses,
    shared,
    own,
  }: { addresses: readonly CIDR[]; shared: readonly PlacedRule[]; own: (hosts: readonly string[]) => readonly Rule[] },
): Promise<void> {
  for (const version of versionsOf(addresses)) {
    const ofHosts = own(hostsOf(addresses, version)).map((rule) => ({ chain: CNI_FORWARD, rule }))
    const missing = await findMissingRule(request, filter(version), [...shared, ...ofHosts])
    if (missing) throw checkError(`expected ${describe(missing, shared)} not found`, remedies.repair)
  }
}

function filter(version: 4 | 6): TableName {
  return { version, table: 'filter' }
}

/** Rules that are there once for all containers, before others of their chains. */
function topRules(adminChain: string): PlacedRule[] {
  const commented = (text: string) => ['-m', 'comment', '--comment', text]
  return [
    { chain: 'FORWARD', rule: [...commented('CNI firewall plugin rules'), '-j', CNI_FORWARD] },
    { chain: CNI_FORWARD, rule: [...commented('CNI firewall plugin admin overrides'), '-j', adminChain] },
  ]
}

/** To an address what belongs to its connections, and from it everything. */
function rulesFor(hosts: readonly string[]): Rule[] {
  return hosts.flatMap((host) => [
    ['-d', host, '-m', 'conntrack', '--ctstate', 'RELATED,ESTABLISHED', '-j', 'ACCEPT'],
    ['-s', host, '-j', 'ACCEPT'],
  ])
}

function hostsOf(addresses: readonly CIDR[], version: 4 | 6): string[] {
  return addresses.filter(({ family }) => family === version).map(({ address }) => `${address}/${address.bits}`)
}

function removeHosts(change: TableChange, hosts: readonly string[]): void {
  const own = rulesFor(hosts)
  change.deleteRules(CNI_FORWARD, (rule) => own.some((each) => isSameRule(each, rule)))
  releaseHosts(change, hosts)
}

/**
 * The rules of an address stay when it is another container's by now.
 *
 * @param kept addresses that stay
 */
async function removeOwned(request: Request, isOurs: IsOurs, kept: readonly CIDR[] = []): Promise<void> {
  const used = await addressesOfOthers(isOurs)
  await cleanEachVersion(request, [4, 6], (version) =>
    cleanTable(request, { ...filter(version), certain: false }, (change) => {
      const hosts = hostsOfOwner(change, isOurs).filter((host) => !hostsOf(kept, version).includes(host))
      const isUsed = (host: string) => used.has(host.replace(/\/\d+$/, ''))
      releaseHosts(change, hosts)
      removeHosts(
        change,
        hosts.filter((host) => !isUsed(host)),
      )
    }),
  )
}

function describe(missing: PlacedRule, shared: readonly PlacedRule[]): string {
  const where = shared.includes(missing) ? `${missing.chain} ` : ''
  return `${where}rule [${missing.rule.join(' ')}]`
}
