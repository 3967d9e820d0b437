import type { CIDR, IP } from '@patchbay/address'
import type { Request } from '@patchbay/cni/plugin'
import { isNetlinkError } from '@patchbay/linux/netlink'
import { type Nftables, rule, verdict } from '@patchbay/linux/nftables'
import { checkError, remedies } from '../../request/check-error.ts'
import type { ValidAttachment } from '../../request/valid-attachments.ts'
import {
  checkLayout,
  deleteOwned,
  type ElementText,
  elementsOf,
  findRecord,
  type IsOurs,
  missingElements,
  openRuleset,
  ownedBy,
  ownedByGone,
  ownerOf,
  type Place,
  putElements,
  type Recorded,
  recordsOf,
  withRuleset,
} from '../../rules/ruleset/index.ts'
import type { ChosenBackend } from './backend.ts'
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
  records,
  type Subject,
  sameBridge,
} from './nftables-layout.ts'
import { isReadable, ownedIn, ownedPlaces, recordOf } from './nftables-record.ts'

/** What can be taken away again. */
export interface NftablesFirewall extends ChosenBackend {
  /** What is recorded of the container; `undefined` when that is nothing. */
  record(): Promise<Recorded | undefined>
  /**
   * Takes away what a record names. Without one, which versions until 0.1 did not make: what the attachment has of the addresses, or of
   * any when nobody knows them.
   */
  remove(known: { record: Recorded | undefined; addresses: readonly CIDR[] | undefined }): Promise<void>
}

/** Forwarding by nf_tables: a container's addresses are elements, and so are its bridge and its port. */
export function nftablesFirewall(
  request: Request,
  { adminChain, policy, ports }: { adminChain: string; policy: BridgePolicy | undefined; ports: readonly string[] },
): NftablesFirewall {
  const isOurs = ownedBy(request)
  return {
    add: (addresses) =>
      withRuleset(request, async (nft) => {
        const subject = { addresses, policy }
        const record = recordOf(request, subject)
        const claims = [...claimsOf(request, subject), ...(record ? [record] : [])]
        await putElements(nft, claims, { layout: (batch) => declareFirewall(batch, subject) })
        await ensureAdminChain(nft, adminChain)
        const { addresses: former, bridge } = ownedIn(record?.former ?? [])
        if (bridge !== undefined) await removeUnusedBridge(nft, bridge)
        return former
      }),
    del: (addresses) =>
      withRuleset(request, async (nft) =>
        remove(nft, isOurs, { record: await recordIn(nft, request), addresses, ports }),
      ),
    record: () => withRuleset(request, (nft) => recordIn(nft, request)),
    remove: (known) => withRuleset(request, (nft) => remove(nft, isOurs, { ...known, ports })),
    check: (addresses) => withRuleset(request, (nft) => check(nft, request, { addresses, policy })),
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

function recordIn(nft: Nftables, request: Request): Promise<Recorded | undefined> {
  return findRecord(nft, records, ownerOf(request))
}

interface Known {
  readonly record: Recorded | undefined
  readonly addresses: readonly CIDR[] | undefined
  readonly ports: readonly string[]
}

async function remove(nft: Nftables, isOurs: IsOurs, { record, addresses, ports }: Known): Promise<void> {
  const owned = ownedIn(record?.words ?? [])
  const known = record ? undefined : addresses && { addresses, ports }
  const places = record && isReadable(record.words) ? ownedPlaces(owned) : placesOf(known)
  const gone = await deleteOwned(nft, record ? [...places, record.place] : places, isOurs)
  const bridges = new Set([...bridgesOf(gone), ...(owned.bridge === undefined ? [] : [owned.bridge])])
  for (const bridge of bridges) await removeUnusedBridge(nft, bridge)
}

/** Where elements of these addresses and ports are; without, of any. */
function placesOf(known?: { addresses: readonly CIDR[]; ports: readonly string[] }): Place[] {
  const places = addressSets.flatMap(({ version, forwarded, bridged }) => {
    const keys = known && keysOf(known.addresses, version)
    return [elementsOf(forwarded, keys), elementsOf(bridged, keys)]
  })
  const portKeys = known?.ports.map((key) => ({ key }))
  const ports = [elementsOf(isolatedPorts, portKeys)]
  if (!known?.addresses.length) ports.push(elementsOf(bridgedPorts, portKeys))
  return [...places, ...ports]
}

/**
 * Removes what containers of the network have left that are not alive, and bridges that nobody uses: a container may have
 * lost its address to another one before its DEL.
 */
export async function collectNftables(request: Request, alive: readonly ValidAttachment[]): Promise<void> {
  using nft = openRuleset(request)
  await deleteOwned(nft, [...placesOf(), recordsOf(records)], ownedByGone(request.name, alive))
  for (const { name } of await nft.listObjects(forward.table)) {
    const bridge = bridgeOfObject(name)
    if (bridge !== undefined) await removeUnusedBridge(nft, bridge)
  }
}

/** The addresses that an owner of this kind has by nf_tables; reads all that there are. */
export async function addressesOwned(request: Request, isOurs: IsOurs): Promise<IP[]> {
  using nft = openRuleset(request)
  const owned: IP[] = []
  for (const { forwarded } of addressSets)
    for (const { key, comment } of await nft.listElements(forwarded)) if (isOurs(comment)) owned.push(key)
  return owned
}

/** The addresses without those that are another's by now. */
export async function withoutTaken(
  request: Request,
  addresses: readonly IP[],
  isOurs: IsOurs = ownedBy(request),
): Promise<IP[]> {
  using nft = openRuleset(request)
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

async function check(nft: Nftables, request: Request, subject: Subject): Promise<void> {
  const claims = claimsOf(request, subject)
  const [missing] = await missingElements(nft, claims)
  if (missing) throw checkError(`element ${textOf(missing)} not found in ${placeOf(missing)}`, remedies.repair)
  if (claims.every(({ elements }) => elements.length === 0)) return
  await checkLayout(nft, (batch) => declareFirewall(batch, subject))
}

function textOf({ key, data }: ElementText): string {
  return data === '' ? key : `${key} : ${data}`
}

function placeOf({ set, data }: ElementText): string {
  const { family, name } = set === isolatedPorts.name ? isolatedPorts.table : forward.table
  return `${data === '' ? 'set' : 'map'} ${family} ${name} ${set}`
}
