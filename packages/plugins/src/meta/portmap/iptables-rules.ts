import { type CIDR, parseCIDR } from '@patchbay/address'
import {
  chainName,
  MAX_COMMENT_BYTES,
  ownerComment,
  type PlacedRule,
  type Rule,
  type RuleOwner,
  targetOf,
  wordAfter,
} from '../../rules/iptables/index.ts'
import { hostAddress, isForVersion, type PortMapping, type PortmapConfig } from './config.ts'
import type { PublishedPort } from './forget-connections.ts'

/** Chains that all containers share, in the reference's names. */
export const shared = {
  dnat: 'CNI-HOSTPORT-DNAT',
  setMark: 'CNI-HOSTPORT-SETMARK',
  masq: 'CNI-HOSTPORT-MASQ',
  /** Where old versions masqueraded. */
  oldSnat: 'CNI-HOSTPORT-SNAT',
} as const

/** What a container's chain is called. */
export const ownChain = /^CNI-DN-[0-9a-f]{21}$/

/** How many ports one rule can name, `<linux/netfilter/xt_multiport.h> XT_MULTI_PORTS`. */
const MAX_PORTS = 15

/** A rule that goes before all others of its chain, or after them. */
export interface TopRule extends PlacedRule {
  readonly first?: boolean
}

/** Rules that are there once for all containers, in the reference's words. A container that the reference has attached has them, too. */
export function sharedRules({ snat, externalSetMarkChain, markBit }: PortmapConfig): TopRule[] {
  const mark = `0x${(2 ** markBit).toString(16)}`
  const marking: TopRule[] = [
    {
      chain: shared.setMark,
      rule: [...commented('CNI portfwd masquerade mark'), '-j', 'MARK', '--set-xmark', `${mark}/${mark}`],
    },
    { chain: shared.masq, rule: ['-m', 'mark', '--mark', `${mark}/${mark}`, '-j', 'MASQUERADE'] },
    { chain: 'POSTROUTING', rule: [...commented('CNI portfwd requiring masquerade'), '-j', shared.masq], first: true },
  ]
  const local = ['-m', 'addrtype', '--dst-type', 'LOCAL', '-j', shared.dnat]
  return [
    ...(snat && externalSetMarkChain === '' ? marking : []),
    { chain: 'PREROUTING', rule: local },
    { chain: 'OUTPUT', rule: local },
  ]
}

/**
 * The kernel discards what a container answers to ::1, also after source NAT: there the host's own services stay. A rule of the
 * chain, because the reference has its own rules that lead there.
 */
const unserved: TopRule = { chain: shared.dnat, rule: ['-d', '::1/128', '-j', 'RETURN'], first: true }

/** All rules that ADD makes once for all containers. */
export function topRules(config: PortmapConfig, version: 4 | 6): TopRule[] {
  return [...sharedRules(config), ...(version === 6 ? [unserved] : [])]
}

/** What becomes of a packet for one of the container's ports. */
export function portRules(config: PortmapConfig, address: CIDR): Rule[] {
  const { snat, masqAll, mappings, externalSetMarkChain } = config
  const version = address.family
  const mark = externalSetMarkChain || shared.setMark
  const everyone = version === 4 ? '0.0.0.0/0' : '::/0'
  const sources = masqAll ? [everyone] : [String(address), ...(version === 4 ? ['127.0.0.1'] : [])]
  const to = version === 4 ? address.address : `[${address.address}]`
  return mappings
    .filter((mapping) => isForVersion(mapping, version))
    .flatMap((mapping) => {
      const match = matchOf(mapping)
      const marked = snat ? sources.map((source) => [...match, '-s', source, '-j', mark]) : []
      return [...marked, [...match, '-j', 'DNAT', '--to-destination', `${to}:${mapping.containerPort}`]]
    })
}

function matchOf(mapping: PortMapping): string[] {
  const host = hostAddress(mapping)
  const destination = host && !host.isUnspecified ? ['-d', String(host)] : []
  return ['-p', mapping.protocol, '--dport', String(mapping.hostPort), ...destination]
}

/** What the rules of a container's chain redirect. */
export function publishedPorts(version: 4 | 6, rules: readonly Rule[]): PublishedPort[] {
  return rules
    .filter((rule) => targetOf(rule) === 'DNAT')
    .map((rule) => {
      const destination = wordAfter(rule, '-d')
      return {
        version,
        protocol: wordAfter(rule, '-p') ?? '',
        port: Number(wordAfter(rule, '--dport')),
        host: destination === undefined ? undefined : parseCIDR(destination).address,
      }
    })
}

/** The rules that lead packets for any of the container's ports to its chain. */
export function entryRules(config: PortmapConfig, owner: RuleOwner, version: 4 | 6): Rule[] {
  const comment = commented(entryComment(owner))
  return portGroups(config.mappings).map(({ protocol, ports }) => [
    ...comment,
    ...['-m', 'multiport', '-p', protocol, '--destination-ports', ports.join(',')],
    ...config.conditions[version],
    ...['-j', containerChain(owner)],
  ])
}

export function containerChain(owner: RuleOwner): string {
  return chainName('DN-', owner)
}

function entryComment(owner: RuleOwner): string {
  const prefix = 'dnat '
  return `${prefix}${ownerComment(owner, MAX_COMMENT_BYTES - prefix.length)}`
}

/** Ports by protocol, as many as a rule can name. */
function portGroups(mappings: readonly PortMapping[]): { protocol: string; ports: number[] }[] {
  const protocols = [...new Set(mappings.map(({ protocol }) => protocol))].sort()
  return protocols.flatMap((protocol) => {
    const ports = mappings.filter((mapping) => mapping.protocol === protocol).map(({ hostPort }) => hostPort)
    const groups = Array.from({ length: Math.ceil(ports.length / MAX_PORTS) }, (_, at) => at * MAX_PORTS)
    return groups.map((start) => ({ protocol, ports: ports.slice(start, start + MAX_PORTS) }))
  })
}

function commented(text: string): string[] {
  return ['-m', 'comment', '--comment', text]
}
