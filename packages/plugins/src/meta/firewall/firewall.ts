import type { CIDR, IP } from '@patchbay/address'
import type { Request } from '@patchbay/cni/plugin'
import type { Result } from '@patchbay/cni/types'
import { runAll } from '../../request/run-all.ts'
import { UndoStack } from '../../request/undo-stack.ts'
import { validAttachmentsOf } from '../../request/valid-attachments.ts'
import { ownedBy, ownedByGone } from '../../rules/ruleset/index.ts'
import type { FirewallOptions } from './call.ts'
import { backendsOfContainer, backendsOfHost, chooseBackends } from './choose-backend.ts'
import { type FirewallConfig, loadFirewallConfig } from './config.ts'
import { removeSources } from './firewalld-sources.ts'
import { checkIngressPolicy, policyOf } from './isolation.ts'

/** Has the host forward what the container's addresses send, and what is sent to them in reply. */
export async function add(request: Request, options: FirewallOptions): Promise<Result> {
  const config = loadFirewallConfig(request)
  const prevResult = requireResult(config)
  const addresses = addressesOf(prevResult)
  const backends = await chooseBackends({ request, config, options, addresses, policy: policyOf(config) })
  const former: IP[] = []
  await using undo = new UndoStack(request.warn)
  for (const backend of backends) {
    undo.push('firewall rules', () => backend.del(addresses))
    former.push(...(await backend.add(addresses, former)))
  }
  undo.keep()
  return prevResult
}

/**
 * Takes back what ADD has done for the container, whichever backend did it. What iptables has for a network stays; in
 * nf_tables it goes with the last container.
 */
export async function del(request: Request, options: FirewallOptions): Promise<void> {
  const config = loadFirewallConfig(request)
  const addresses = config.prevResult && addressesOf(config.prevResult)
  const call = { request, config, options }
  const isOurs = ownedBy(request)
  const { nftables, iptables, record } = await backendsOfContainer(call, addresses)
  await runAll(
    () => removeSources(call, { isOurs, addresses, record, hasMarks: nftables !== undefined }),
    () => nftables?.remove({ record, addresses }),
    () => (addresses ? iptables?.del(addresses) : iptables?.removeOwned(isOurs)),
    () => checkIngressPolicy(config),
  )
}

/** Checks that the host forwards for the container, and keeps its network apart. */
export async function check(request: Request, options: FirewallOptions): Promise<void> {
  const config = loadFirewallConfig(request)
  const addresses = addressesOf(requireResult(config))
  const call = { request, config, options }
  // For nobody's address iptables has no rules.
  const policy = config.backend === 'iptables' && addresses.length === 0 ? undefined : policyOf(config)
  const backends = await chooseBackends({ ...call, addresses, policy })
  try {
    for (const backend of backends) await backend.check(addresses)
  } catch (error) {
    // What the host has now may not be what it had when the container came.
    const { iptables } = config.backend ? {} : await backendsOfHost(call, { addresses, policy })
    if (!iptables) throw error
    await iptables.check(addresses)
  }
}

/** Removes what containers have left in this network that are not in `cni.dev/valid-attachments`. */
export async function gc(request: Request, options: FirewallOptions): Promise<void> {
  const alive = validAttachmentsOf(request)
  if (alive === undefined) return
  const call = { request, config: loadFirewallConfig(request), options }
  const isGone = ownedByGone(request.name, alive)
  const { nftables, iptables } = await backendsOfHost(call)
  await runAll(
    () => removeSources(call, { isOurs: isGone, hasMarks: nftables !== undefined }),
    async () => nftables && (await import('./nftables-backend.ts')).collectNftables(request, alive),
    () => iptables?.removeOwned(isGone),
  )
}

function requireResult({ prevResult }: FirewallConfig): Result {
  if (!prevResult) throw new Error('missing prevResult from earlier plugin')
  return prevResult
}

function addressesOf({ ips = [] }: Result): CIDR[] {
  return ips.map(({ address }) => address)
}
