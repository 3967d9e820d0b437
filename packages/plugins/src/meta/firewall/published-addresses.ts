import type { Attachment } from '../../request/attachment.ts'
import { isSameRule, type Rule, type TableChange, wordAfter } from '../../rules/iptables/index.ts'
import { type IsOurs, mark } from '../../rules/ruleset/index.ts'

/**
 * Addresses that published ports may lead to; the comment of each rule says whose it is, and so are the rules of
 * `CNI-FORWARD` for that address, which the reference knows by their text. It has no such chain, and leaves it alone.
 */
export const PUBLISHED = 'CNI-PUBLISHED'

/** Of connections whose destination the host has changed: those to a port that is published. */
export const toPublished: Rule = ['-m', 'conntrack', '--ctstate', 'DNAT', '-j', PUBLISHED]

/** Makes addresses, as `10.1.2.3/32`, those of an attachment, whoever has left them behind. */
export function claimHosts(change: TableChange, hosts: readonly string[], attachment: Attachment): void {
  const comment = ['-m', 'comment', '--comment', mark(attachment)]
  for (const host of hosts) {
    const own = ['-d', host, ...comment, '-j', 'ACCEPT']
    change.deleteRules(PUBLISHED, (rule) => hostOf(rule) === host && !isSameRule(rule, own))
    change.ensureRule(PUBLISHED, own)
  }
}

/** The addresses that have an owner of this kind. */
export function hostsOfOwner(change: TableChange, isOurs: IsOurs): string[] {
  const rules = change.rulesOf(PUBLISHED).filter((rule) => isOurs(wordAfter(rule, '--comment')))
  return rules.map(hostOf).filter((host) => host !== undefined)
}

export function releaseHosts(change: TableChange, hosts: readonly string[]): void {
  change.deleteRules(PUBLISHED, (rule) => hosts.includes(hostOf(rule) ?? ''))
}

function hostOf(rule: Rule): string | undefined {
  return wordAfter(rule, '-d')
}
