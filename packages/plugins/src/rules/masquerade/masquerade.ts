import type { CIDR } from '@patchbay/address'
import { quote } from '@patchbay/cni/json'
import type { Request } from '@patchbay/cni/plugin'
import { attachedAddresses } from '../../request/attached-addresses.ts'
import { runAll } from '../../request/run-all.ts'
import type { UndoStack } from '../../request/undo-stack.ts'
import { validAttachmentsOf } from '../../request/valid-attachments.ts'
import { chainName } from '../iptables/chain-name.ts'
import type { MasqueradeBackend } from './backend.ts'

/** What a configuration says of masquerading. */
export interface MasqueradeConfig {
  ipMasq: boolean
  ipMasqBackend?: string | undefined
}

/** Names of backends, as `ipMasqBackend` has them. */
const names: readonly string[] = ['nftables', 'iptables'] satisfies BackendName[]
type BackendName = 'nftables' | 'iptables'

/** @throws Error `unknown ipmasq backend "x"`, when the network masquerades */
export function checkMasqueradeConfig({ ipMasq, ipMasqBackend }: MasqueradeConfig): void {
  if (ipMasq && ipMasqBackend !== undefined && !isBackendName(ipMasqBackend))
    throw new Error(`unknown ipmasq backend ${quote(ipMasqBackend)}`)
}

/** Has what an attachment sends out of its networks leave with the host's address. */
export async function ensureMasquerade(
  request: Request,
  config: MasqueradeConfig,
  { addresses, undo }: { addresses: readonly CIDR[]; undo: UndoStack },
): Promise<void> {
  await makeRules(request, config, (backend) => {
    undo.push('masquerade', () => backend.remove(addresses))
    return backend.add(addresses)
  })
}

/** Puts back what somebody else has taken away, by what the network's configuration says now. */
export async function repairMasquerade(
  request: Request,
  config: MasqueradeConfig,
  addresses: readonly CIDR[],
): Promise<void> {
  checkMasqueradeConfig(config)
  await makeRules(request, config, (backend) => backend.add(addresses))
}

/** By the backend that the configuration names; without a name, by iptables where the kernel cannot do it by nf_tables. */
async function makeRules(
  request: Request,
  config: MasqueradeConfig,
  add: (backend: MasqueradeBackend) => Promise<void>,
): Promise<void> {
  const name = await chooseBackend(request, config)
  const backend = await loadBackend(request, name)
  if (name === 'iptables' || config.ipMasqBackend !== undefined) return add(backend)
  const { byEither } = await import('../ruleset/index.ts')
  await byEither(backend, { other: () => loadBackend(request, 'iptables'), add })
}

/**
 * Removes the masquerading of an attachment, whichever backend it was made with and whether its namespace is there or not:
 * by the addresses that its ADD returned, or all of the container in this network where the runtime does not tell them.
 */
export async function removeMasquerade(request: Request): Promise<void> {
  const addresses = attachedAddresses(request)
  const used = await backendsInUse(request, chainName('', request))
  await eachBackend(request, used, (backend) => backend.remove(addresses))
}

/** @throws Error naming what is missing, of all backends that may have been in use when none is named */
export async function checkMasquerade(
  request: Request,
  config: MasqueradeConfig,
  addresses: readonly CIDR[],
): Promise<void> {
  const backend = await loadBackend(request, await chooseBackend(request, config))
  try {
    await backend.check(addresses)
  } catch (error) {
    const others = config.ipMasqBackend === undefined ? await backendsInUse(request, chainName('', request)) : []
    if (!others.includes('iptables')) throw error
    await (await loadBackend(request, 'iptables')).check(addresses)
  }
}

/** Removes what attachments have left in this network that are not in `cni.dev/valid-attachments`. */
export async function collectMasquerade(request: Request): Promise<void> {
  const alive = validAttachmentsOf(request)
  if (alive === undefined) return
  const used = await backendsInUse(request, 'POSTROUTING')
  await eachBackend(request, used, (backend) => backend.collect(alive))
}

/** nf_tables where the kernel has it, when the configuration does not say. */
async function chooseBackend(request: Request, { ipMasqBackend }: MasqueradeConfig): Promise<BackendName> {
  if (ipMasqBackend !== undefined && isBackendName(ipMasqBackend)) return ipMasqBackend
  const { hasNftables } = await import('../ruleset/index.ts')
  return (await hasNftables(request.hostNetns)) ? 'nftables' : 'iptables'
}

async function loadBackend(request: Request, name: BackendName): Promise<MasqueradeBackend> {
  if (name === 'nftables') return (await import('./nftables-backend.ts')).nftablesMasquerade(request)
  return (await import('./iptables-backend.ts')).iptablesMasquerade(request)
}

function eachBackend(
  request: Request,
  backends: readonly BackendName[],
  work: (backend: MasqueradeBackend) => Promise<void>,
): Promise<void> {
  return runAll(...backends.map((name) => async () => work(await loadBackend(request, name))))
}

/**
 * The backends that may have made something of this network, whatever is configured now.
 *
 * @param chain of iptables; no program is started where it does not exist
 */
async function backendsInUse(request: Request, chain: string): Promise<BackendName[]> {
  const { findRuleset, mayHaveIptablesChain } = await import('../ruleset/index.ts')
  const { hostNetns } = request
  using nft = await findRuleset(hostNetns)
  if (!nft) return ['iptables']
  for (const version of [4, 6] as const)
    if (await mayHaveIptablesChain(nft, { version, table: 'nat', chain, hostNetns })) return ['nftables', 'iptables']
  return ['nftables']
}

function isBackendName(name: string): name is BackendName {
  return names.includes(name)
}
