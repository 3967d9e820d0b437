import { type IP, parseCIDR, tryParseIP } from '@patchbay/address'
import {
  isNameInComment,
  parseOwnerComment,
  type Rule,
  type RuleOwner,
  type TableChange,
  targetOf,
  wordAfter,
} from '../../rules/iptables/index.ts'
import { hostAddress, isForVersion, type PortMapping, type PortmapConfig } from './config.ts'
import type { Holder } from './holder-alive.ts'
import { ownChain, shared } from './iptables-rules.ts'
import { PortTakenError } from './port-taken.ts'

/** The words of an entry rule without conditions: protocol, comment, ports and target, each with what it takes. */
const PLAIN_ENTRY = 12

/**
 * Finds out whether another container has published a port already: the packets would go to whoever came first. A rule
 * with conditions takes a part of the packets only, and a container may publish the same in several networks.
 *
 * @throws {PortTakenError} naming the container and its network
 */
export function refuseTakenPorts(
  change: TableChange,
  { config, owner, version }: { config: PortmapConfig; owner: RuleOwner; version: 4 | 6 },
): void {
  if (config.conditions[version].length > 0) return
  const others = change.rulesOf(shared.dnat).flatMap((entry) => {
    const other = parseOwnerComment(wordAfter(entry, '--comment') ?? '')
    const chain = targetOf(entry)
    const isOther = other && !isNameInComment(other.containerId, owner.containerId) && entry.length === PLAIN_ENTRY
    return isOther && chain && ownChain.test(chain) ? [{ other, chain, rules: change.rulesOf(chain) }] : []
  })
  for (const mapping of config.mappings.filter((each) => isForVersion(each, version))) {
    const taken = others.find(({ rules }) => rules.some((rule) => redirects(rule, mapping)))
    if (!taken) continue
    const { containerId, name } = taken.other
    const holder: Holder = {
      key: taken.chain,
      network: name,
      containerId,
      addresses: taken.rules.flatMap((rule) => destinationOf(rule) ?? []),
      isOf: (other) => isNameInComment(containerId, other.containerId),
    }
    const inWords = `container "${containerId}" in network "${name}"`
    throw new PortTakenError(`${mapping.protocol} port ${mapping.hostPort}`, holder, inWords)
  }
}

/** The container's address, of `10.1.2.2:80` or `[fd00::2]:80`. */
function destinationOf(rule: Rule): IP | undefined {
  const [, address = ''] = /^\[?(.*?)\]?:\d+$/.exec(wordAfter(rule, '--to-destination') ?? '') ?? []
  return tryParseIP(address)
}

/** Whether a rule of a container's chain redirects packets that a mapping is for. */
function redirects(rule: Rule, mapping: PortMapping): boolean {
  if (targetOf(rule) !== 'DNAT') return false
  if (wordAfter(rule, '--dport') !== String(mapping.hostPort)) return false
  if (wordAfter(rule, '-p') !== mapping.protocol.toLowerCase()) return false
  const destination = wordAfter(rule, '-d')
  const host = hostAddress(mapping)
  if (destination === undefined || host === undefined || host.isUnspecified) return true
  return parseCIDR(destination).address.equals(host)
}
