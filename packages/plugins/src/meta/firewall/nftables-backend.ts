import type { CIDR, IP } from '@patchbay/address'
import type { Request } from '@patchbay/cni/plugin'
import { isNetlinkError } from '@patchbay/linux/netlink'
import { type Nftables, rule, verdict } from '@patchbay/linux/nftables'
import type { ValidAttachment } from '../../request/valid-attachments.ts'
import {
  deleteOwned,
  type ElementText,
  elementsOf,
  type IsOurs,
  missingElements,
  openRuleset,
  ownedBy,
  ownedByGone,
  type Place,
  putElements,
} from '../../rules/ruleset/index.ts'
import type { FirewallBackend } from './backend.ts'
import { DEFAULT_ADMIN_CHAIN } from './config.ts'
import { isJumpTo } from './host-filter.ts'
import type { BridgePolicy } from './isolation.ts'
import {
  addressSets,
  bridgedPorts,
  bridgeObject,
  bridgeOfObject,
  bridges,
  claimsOf,
  declareFirewall,
  forward,
  isolatedBridges,
  isolatedPorts,
  keysOf,
  otherAdmins,
  RULES_OF_FORWARD,
  sameBridge,
} from './nftables-layout.ts'

/** What can be taken away again. */
export interface NftablesFirewall extends FirewallBackend {
  /** As `del`, for an attachment whose addresses nobody knows any more: by its mark. */
  delUnknown(): Promise<void>
}

/** Forwarding by nf_tables: a container's addresses are elements, and so are its bridge and its port. */
export function nftablesFirewall(
  request: Request,
  { adminChain, policy, ports }: { adminChain: string; policy: BridgePolicy | undefined; ports: readonly string[] },
): NftablesFirewall {
  const isOurs = ownedBy(request)
  const withRuleset = async (work: (nft: Nftables) => Promise<void>): Promise<void> => {
    using nft = openRuleset(request.hostNetns)
    await work(nft)
  }
  return {
    add: (addresses) =>
      withRuleset(async (nft) => {
        const subject = { addresses, policy }
        await putElements(nft, claimsOf(request, subject), { layout: (batch) => declareFirewall(batch, subject) })
        await ensureAdminChain(nft, adminChain)
      }),
    del: (addresses) => withRuleset((nft) => remove(nft, isOurs, { addresses, ports })),
    delUnknown: () => withRuleset((nft) => remove(nft, isOurs)),
    check: (addresses) => withRuleset((nft) => check(nft, claimsOf(request, { addresses, policy }))),
  }
}

/** The default one is part of the layout. Two calls at once may have two rules lead to one chain, which does no harm. */
async function ensureAdminChain(nft: Nftables, name: string): Promise<void> {
  if (name === DEFAULT_ADMIN_CHAIN) return
  const chain = { table: otherAdmins.table, name }
  if ((await nft.listRules(otherAdmins)).some((each) => isJumpTo(each, name))) return
  await nft.transaction((batch) => {
    batch.addChain(chain)
    batch.addRule(rule(otherAdmins, verdict.jump(name)))
  })
}

async function remove(
  nft: Nftables,
  isOurs: IsOurs,
  known?: { addresses: readonly CIDR[]; ports: readonly string[] },
): Promise<void> {
  const places = addressSets.flatMap(({ version, forwarded, bridged }) => {
    const keys = known && keysOf(known.addresses, version)
    return [elementsOf(forwarded, keys), elementsOf(bridged, keys)]
  })
  const portKeys = known?.ports.map((key) => ({ key }))
  const ports = [elementsOf(isolatedPorts, portKeys)]
  if (!known?.addresses.length) ports.push(elementsOf(bridgedPorts, portKeys))
  const gone = await deleteOwned(nft, [...places, ...ports], isOurs)
  for (const bridge of bridgesOf(gone)) await removeUnusedBridge(nft, bridge)
}

/**
 * Removes what containers of the network have left that are not alive, and bridges that nobody uses: a container may have
 * lost its address to another one before its DEL.
 */
export async function collectNftables(request: Request, alive: readonly ValidAttachment[]): Promise<void> {
  using nft = openRuleset(request.hostNetns)
  await remove(nft, ownedByGone(request.name, alive))
  for (const { name } of await nft.listObjects(forward.table)) {
    const bridge = bridgeOfObject(name)
    if (bridge !== undefined) await removeUnusedBridge(nft, bridge)
  }
}

/** The addresses that an owner of this kind has by nf_tables; reads all that there are. */
export async function addressesOwned(request: Request, isOwner: IsOurs): Promise<IP[]> {
  using nft = openRuleset(request.hostNetns)
  const owned: IP[] = []
  for (const { forwarded } of addressSets)
    for (const { key, comment } of await nft.listElements(forwarded)) if (isOwner(comment)) owned.push(key)
  return owned
}

/** The addresses without those that are another attachment's by now. */
export async function withoutTaken(request: Request, addresses: readonly IP[]): Promise<IP[]> {
  using nft = openRuleset(request.hostNetns)
  const isOurs = ownedBy(request)
  const free: IP[] = []
  for (const key of addresses) {
    const forwarded = addressSets.find(({ version }) => version === key.family)?.forwarded
    const element = forwarded && (await nft.findElement(forwarded, { key }))
    if (!element || isOurs(element.comment)) free.push(key)
  }
  return free
}

function bridgesOf(elements: readonly ElementText[]): Set<string> {
  return new Set(elements.map(({ data }) => bridgeOfObject(data)).filter((bridge) => bridge !== undefined))
}

/** The policy of a bridge ends with the last address that leads to its object; the kernel knows which that is. */
async function removeUnusedBridge(nft: Nftables, bridge: string): Promise<void> {
  const object = bridgeObject(bridge)
  const state = await nft.findObject(object)
  if (!state || state.use > 0) return
  const itself: Place = { find: async () => ({ elements: [], remove: (batch) => batch.deleteObject(object) }) }
  const keys = [{ key: bridge }]
  const elements = [
    elementsOf(bridges, keys),
    elementsOf(sameBridge, [{ key: [bridge, bridge] }]),
    elementsOf(isolatedBridges, keys),
  ]
  try {
    await deleteOwned(nft, [...elements, itself], () => true)
  } catch (error) {
    // Somebody has begun to use it.
    if (!isNetlinkError(error, 'EBUSY')) throw error
  }
}

async function check(nft: Nftables, claims: ReturnType<typeof claimsOf>): Promise<void> {
  const [missing] = await missingElements(nft, claims)
  if (missing) throw new Error(`element ${textOf(missing)} not found in ${placeOf(missing)}`)
  if (claims.every(({ elements }) => elements.length === 0)) return
  const { use = 0 } = (await nft.findChain(forward)) ?? {}
  if (use < RULES_OF_FORWARD) throw new Error('rules not found in chain inet patchbay firewall-forward')
}

function textOf({ key, data }: ElementText): string {
  return data === '' ? key : `${key} : ${data}`
}

function placeOf({ set, data }: ElementText): string {
  const { family, name } = set === isolatedPorts.name ? isolatedPorts.table : forward.table
  return `${data === '' ? 'set' : 'map'} ${family} ${name} ${set}`
}
