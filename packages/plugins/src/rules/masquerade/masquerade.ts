import type { CIDR } from '@patchbay/address'
import { quote } from '@patchbay/cni/json'
import type { Request } from '@patchbay/cni/plugin'
import { attachedAddresses } from '../../request/attached-addresses.ts'
import { runAll } from '../../request/run-all.ts'
import type { UndoStack } from '../../request/undo-stack.ts'
import { validAttachmentsOf } from '../../request/valid-attachments.ts'
import { isBackendName } from '../backend-name.ts'

/** What a configuration says of masquerading. */
export interface MasqueradeConfig {
  ipMasq: boolean
  ipMasqBackend?: string | undefined
}

/** @throws Error `unknown ipmasq backend "x"`, when the network masquerades */
export function checkMasqueradeConfig({ ipMasq, ipMasqBackend }: MasqueradeConfig): void {
  if (ipMasq && ipMasqBackend !== undefined && !isBackendName(ipMasqBackend))
    throw new Error(`unknown ipmasq backend ${quote(ipMasqBackend)}`)
}

/** Has what an attachment sends out of its networks leave with the host's address. */
export async function ensureMasquerade(
  request: Request,
  { ipMasqBackend }: MasqueradeConfig,
  { addresses, undo }: { addresses: readonly CIDR[]; undo: UndoStack },
): Promise<void> {
  const { chosenBackend } = await chooseBackend()
  const backend = await chosenBackend(request, ipMasqBackend)
  undo.push('masquerade', () => backend.remove(addresses))
  await backend.add(addresses)
}

/** Puts back what somebody else has taken away, by what the network's configuration says now. */
export async function repairMasquerade(
  request: Request,
  config: MasqueradeConfig,
  addresses: readonly CIDR[],
): Promise<void> {
  checkMasqueradeConfig(config)
  const { chosenBackend } = await chooseBackend()
  const backend = await chosenBackend(request, config.ipMasqBackend)
  await backend.add(addresses)
}

/**
 * Removes the masquerading of an attachment, whichever backend it was made with and whether its namespace is there or not:
 * by the addresses that its ADD returned, or all that can be its own where the runtime does not tell them.
 */
export async function removeMasquerade(request: Request): Promise<void> {
  const addresses = attachedAddresses(request)
  const { backendsOfContainer } = await chooseBackend()
  const backends = await backendsOfContainer(request)
  await runAll(...backends.map((backend) => () => backend.remove(addresses)))
}

/** @throws Error naming what is missing, by iptables where that may have been in use and no backend is named */
export async function checkMasquerade(
  request: Request,
  { ipMasqBackend }: MasqueradeConfig,
  addresses: readonly CIDR[],
): Promise<void> {
  const { chosenBackend } = await chooseBackend()
  const backend = await chosenBackend(request, ipMasqBackend)
  await backend.check(addresses)
}

/** Removes what attachments have left in this network that are not in `cni.dev/valid-attachments`. */
export async function collectMasquerade(request: Request): Promise<void> {
  const alive = validAttachmentsOf(request)
  if (alive === undefined) return
  const { backendsOfHost } = await chooseBackend()
  const backends = await backendsOfHost(request)
  await runAll(...backends.map((backend) => () => backend.collect(alive)))
}

/** Loaded for networks that masquerade. */
function chooseBackend() {
  return import('./choose-backend.ts')
}
