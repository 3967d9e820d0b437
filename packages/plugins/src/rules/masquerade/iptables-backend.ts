import { type CIDR, parseCIDR } from '@patchbay/address'
import type { Request } from '@patchbay/cni/plugin'
import { checkError, remedies } from '../../request/check-error.ts'
import type { ValidAttachment } from '../../request/valid-attachments.ts'
import {
  chainName,
  changeEachVersion,
  changeTable,
  cleanEachVersion,
  cleanTable,
  findMissingRule,
  isNameInComment,
  ownerComment,
  type PlacedRule,
  parseOwnerComment,
  type Rule,
  type RuleOwner,
  type TableChange,
  type TableName,
  targetOf,
  versionsOf,
  wordAfter,
} from '../iptables/index.ts'
import { type MasqueradeBackend, multicast } from './backend.ts'
import { addressesOfOthers } from './other-interfaces.ts'

const START = 'POSTROUTING'
const both = [4, 6] as const
/** What a chain of a container is called. */
const ownChain = /^CNI-[0-9a-f]{24}$/

/**
 * Masquerading by iptables(8), in the reference's rules: of a container in a network, a chain that its addresses lead to,
 * which lets packets for their own networks be.
 */
export function iptablesMasquerade(request: Request): MasqueradeBackend {
  const chain = chainName('', request)
  return {
    add: (addresses) =>
      changeEachVersion(request, versionsOf(addresses), (version) =>
        changeTable(request, nat(version), (change) => {
          change.ensureChain(chain)
          for (const placed of rulesFor(request, addressesOf(addresses, version)))
            change.ensureRule(placed.chain, placed.rule)
        }),
      ),
    remove: async (addresses) => {
      const isGone = addresses ? isFromOneOf(addresses) : not(isFromOneOf(await addressesOfOthers(request)))
      await cleanEachVersion(request, addresses ? versionsOf(addresses) : both, (version) =>
        cleanTable(request, { ...nat(version), certain: addresses !== undefined }, (change) =>
          removeAddresses(change, chain, isGone),
        ),
      )
    },
    check: (addresses) => check(request, addresses),
    collect: (alive) =>
      cleanEachVersion(request, both, (version) =>
        cleanTable(request, { ...nat(version), certain: false }, (change) => {
          const stale = staleChains(
            change,
            (owner) => isNameInComment(owner.name, request.name) && !alive.some(isIn(owner)),
          )
          for (const each of stale) change.removeChain(each, { from: START })
        }),
      ),
  }
}

function nat(version: 4 | 6): TableName {
  return { version, table: 'nat' }
}

function addressesOf(addresses: readonly CIDR[], version: 4 | 6): CIDR[] {
  return addresses.filter(({ family }) => family === version)
}

function rulesFor(request: Request, addresses: readonly CIDR[]): PlacedRule[] {
  const chain = chainName('', request)
  const comment = ['-m', 'comment', '--comment', ownerComment(request)]
  return addresses.flatMap((address) => [
    { chain, rule: ['-d', String(address.masked()), ...comment, '-j', 'ACCEPT'] },
    { chain, rule: ['!', '-d', multicast[address.family], ...comment, '-j', 'MASQUERADE'] },
    { chain: START, rule: ['-s', `${address.address}/${address.address.bits}`, ...comment, '-j', chain] },
  ])
}

/** The chain stays while another interface of the container leads to it. */
function removeAddresses(change: TableChange, chain: string, isGone: (rule: Rule) => boolean): void {
  change.deleteRules(START, (rule) => targetOf(rule) === chain && isGone(rule))
  if (!change.rulesOf(START).some((rule) => targetOf(rule) === chain)) change.removeChain(chain, { from: START })
}

function isFromOneOf(addresses: readonly CIDR[]): (rule: Rule) => boolean {
  return (rule) => addresses.some((address) => isFrom(rule, address))
}

function not(isOne: (rule: Rule) => boolean): (rule: Rule) => boolean {
  return (rule) => !isOne(rule)
}

/** From the address; of old versions of the reference, from its whole network. */
function isFrom(rule: Rule, address: CIDR): boolean {
  const source = wordAfter(rule, '-s')
  if (source === undefined) return false
  const from = parseCIDR(source)
  return (
    from.equals(address.masked()) || (from.prefixLength === from.address.bits && from.address.equals(address.address))
  )
}

async function check(request: Request, addresses: readonly CIDR[]): Promise<void> {
  for (const version of versionsOf(addresses)) {
    const missing = await findMissingRule(request, nat(version), rulesFor(request, addressesOf(addresses, version)))
    if (missing)
      throw checkError(
        `rule [${missing.rule.join(' ')}] in chain ${missing.chain} not found in table nat`,
        remedies.repair,
      )
  }
}

/** Chains are of containers, not of their interfaces. */
function isIn(owner: RuleOwner): (attachment: ValidAttachment) => boolean {
  return ({ containerId }) => isNameInComment(owner.containerId, containerId)
}

/** Chains of owners that a comment names, in the chain itself or where it is led to. */
function staleChains(change: TableChange, isStale: (owner: RuleOwner) => boolean): string[] {
  const says = (rule: Rule) => {
    const owner = parseOwnerComment(wordAfter(rule, '--comment') ?? '')
    return owner !== undefined && isStale(owner)
  }
  const led = change
    .rulesOf(START)
    .filter(says)
    .map((rule) => targetOf(rule) ?? '')
  const own = change.chainNames.filter((name) => change.rulesOf(name).some(says))
  return [...new Set([...led, ...own])].filter((name) => ownChain.test(name))
}
