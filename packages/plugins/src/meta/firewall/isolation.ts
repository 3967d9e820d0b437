import { quote } from '@patchbay/cni/json'
import type { PlacedRule, TableChange } from '../../rules/iptables/index.ts'
import type { FirewallConfig } from './config.ts'

const FIRST = 'CNI-ISOLATION-STAGE-1'
const SECOND = 'CNI-ISOLATION-STAGE-2'
const policies = ['open', 'same-bridge', 'isolated']

/** @throws Error `unknown ingress policy: "x"` */
export function checkIngressPolicy({ ingressPolicy }: FirewallConfig): void {
  if (!policies.includes(ingressPolicy)) throw new Error(`unknown ingress policy: ${quote(ingressPolicy)}`)
}

/** Whom a bridge keeps from its containers: those of other bridges that have a policy, and, isolated, each other. */
export interface BridgePolicy {
  readonly bridge: string
  readonly isolated: boolean
  /** The container's interfaces on the bridge. */
  readonly ports: readonly string[]
}

/**
 * @returns `undefined` when the network is open
 * @throws Error when the policy is unknown, or the result names no bridge
 */
export function policyOf(config: FirewallConfig): BridgePolicy | undefined {
  checkIngressPolicy(config)
  if (config.ingressPolicy === 'open') return undefined
  return { bridge: bridgeOf(config), isolated: config.ingressPolicy === 'isolated', ports: portsOf(config) }
}

function bridgeOf({ prevResult, ingressPolicy }: FirewallConfig): string {
  const bridge = prevResult?.interfaces?.[0]
  if (!bridge)
    throw new Error(
      `interface needs to be set for ingress policy "${ingressPolicy}", make sure to chain "firewall" plugin with "bridge"`,
    )
  if (bridge.name === '') throw new Error('got empty bridge name')
  return bridge.name
}

/** The interfaces of the result that are the host's, but for the first, which is the bridge. */
export function portsOf({ prevResult }: FirewallConfig): string[] {
  const [, ...others] = prevResult?.interfaces ?? []
  return others.filter(({ sandbox = '' }) => sandbox === '').map(({ name }) => name)
}

/**
 * The policy in iptables' table `filter`, where it stays when the last container leaves: a packet from one bridge passes
 * the first stage, and must then not leave by another that has a policy.
 */
export function isolate(change: TableChange, policy: BridgePolicy): void {
  for (const chain of [FIRST, SECOND]) change.ensureChain(chain)
  for (const { chain, rule, first } of policyRules(policy)) change.ensureRule(chain, rule, { first })
}

/** The rules of {@link isolate}, in the reference's words. Of those that are first, the last one is before the others. */
export function policyRules({ bridge, isolated }: BridgePolicy): (PlacedRule & { first: boolean })[] {
  const all = comment('same-bridge|isolated')
  const own = comment(isolated ? 'isolated' : 'same-bridge')
  const between = { chain: FIRST, rule: ['-i', bridge, '-o', bridge, ...own, '-j', 'DROP'], first: true }
  return [
    { chain: 'FORWARD', rule: [...all, '-j', FIRST], first: true },
    { chain: FIRST, rule: ['-i', bridge, '!', '-o', bridge, ...own, '-j', SECOND], first: true },
    ...(isolated ? [between] : []),
    { chain: FIRST, rule: [...all, '-j', 'RETURN'], first: false },
    { chain: SECOND, rule: ['-o', bridge, ...all, '-j', 'DROP'], first: true },
    { chain: SECOND, rule: [...all, '-j', 'RETURN'], first: false },
  ]
}

function comment(policies: string): string[] {
  return ['-m', 'comment', '--comment', `CNI firewall plugin rules (ingressPolicy: ${policies})`]
}
