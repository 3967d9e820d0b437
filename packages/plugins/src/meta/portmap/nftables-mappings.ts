import type { CIDR } from '@patchbay/address'
import { isNetlinkError } from '@patchbay/linux/netlink'
import type { Batch, Nftables } from '@patchbay/linux/nftables'
import { findRecord, type IsOurs, inetTable, type Mark, recordElements } from '../../rules/ruleset/index.ts'
import type { PublishedPort } from './forget-connections.ts'
import { declareNeighbours } from './nftables-clients.ts'
import type { PortMappings } from './nftables-elements.ts'
import { declareLayout, maps, records } from './nftables-layout.ts'
import { type Change, planChange } from './nftables-plan.ts'
import { fillRecord, planRecords, recordedIn, wordsFor } from './nftables-records.ts'
import { readPortState } from './nftables-state.ts'

/** Others may change rules between a look and the change that follows from it; more often than this they do not. */
const ATTEMPTS = 64

/**
 * Publishes ports, in place of what the owner has published before. Usually that is one transaction of elements alone;
 * the kernel refuses it when something is missing, which is then declared, or when a key is taken. Only then it is looked
 * what there is.
 *
 * @param options.isDeclared whether rules and sets are thought to be there
 * @returns the ports that the owner had before
 * @throws Error naming the container that has one of the ports; then nothing has changed
 */
export async function addMappings(
  nft: Nftables,
  allMappings: readonly PortMappings[],
  { isOurs, isDeclared }: { isOurs: IsOurs; isDeclared: boolean },
): Promise<PublishedPort[]> {
  for (const declare of isDeclared ? [declareNothing, declareAll] : [declareAll]) {
    try {
      await nft.transaction((batch) => {
        declare(batch, allMappings)
        for (const mappings of allMappings) fill(batch, mappings)
        fillRecord(batch, allMappings)
      })
      return []
    } catch (error) {
      if (isNetlinkError(error, 'EEXIST')) break
      if (!isNetlinkError(error, 'ENOENT')) throw error
    }
  }
  return change(nft, { allMappings, isOurs })
}

function declareNothing(): void {}

/** Declares all that mappings need, but for the chains of their attachments. */
export function declareAll(batch: Batch, allMappings: readonly PortMappings[]): void {
  declareLayout(batch)
  for (const { address, hasNeighbours } of allMappings) if (hasNeighbours) declareNeighbours(batch, address)
}

/** Whose mappings to take back, and what is known of them. */
export interface Removal {
  readonly owner: Mark
  readonly isOurs: IsOurs
  /** What the runtime says that the attachment has. */
  readonly addresses: readonly CIDR[]
  /**
   * What the configuration publishes at an address.
   *
   * @throws Error when it makes no sense
   */
  readonly mappingsAt: (address: CIDR) => PortMappings
  /** Whether others may have one of the ports at another address of the host. */
  readonly isShared: boolean
}

/**
 * Takes back what an attachment has published. What its record names, and the configuration explains, goes without a look at what
 * others have. The rest is looked for: what was published by another configuration, or with others at the same port.
 *
 * @returns the ports that are gone
 */
export async function removeMappings(nft: Nftables, removal: Removal): Promise<PublishedPort[]> {
  const { owner, isOurs, mappingsAt, isShared } = removal
  const generation = isShared ? await nft.getGeneration() : undefined
  const record = await findRecord(nft, records, owner)
  if (!record) return removeUnrecorded(nft, removal)
  const allMappings = attempt(() => recordedIn(record.words)?.map(mappingsAt)) ?? []
  const isKnown = wordsFor(allMappings).join() === record.words.join() && (await havePortsAlone(nft, allMappings))
  if (isKnown && (await removeKnown(nft, { owner, allMappings, generation }))) return allMappings.flatMap(portsOf)
  return removeAllMappings(nft, isOurs)
}

/** What versions until 0.1 have published, which made no records. */
async function removeUnrecorded(nft: Nftables, { addresses, isOurs }: Removal): Promise<PublishedPort[]> {
  if (addresses.length === 0) return removeAllMappings(nft, isOurs)
  for (const { family, address: key } of addresses) {
    const container = await nft.findElement(maps[family].containers, { key })
    if (isOurs(container?.comment)) return removeAllMappings(nft, isOurs)
  }
  return []
}

/** A configuration that makes no sense any more explains nothing. */
function attempt<T>(work: () => T): T | undefined {
  try {
    return work()
  } catch {
    return undefined
  }
}

function portsOf({ address, targets }: PortMappings): PublishedPort[] {
  const version = address.family
  return targets.map(({ host, port: [protocol, port] }) => ({ version, host, protocol: String(protocol), port }))
}

/**
 * Takes back all that owners have published.
 *
 * @returns the ports that are gone
 */
export function removeAllMappings(nft: Nftables, isOurs: IsOurs): Promise<PublishedPort[]> {
  return change(nft, { allMappings: [], isOurs })
}

/** Only adds: the kernel lets a socket go late when something has been deleted over it. */
function fill(batch: Batch, mappings: PortMappings): void {
  mappings.declareOwn(batch)
  for (const each of mappings.elements) each.fill(batch)
  batch.createElements(maps[mappings.address.family].taken, mappings.taken)
}

/** Whether no other container has one of the ports at another address of the host. */
async function havePortsAlone(nft: Nftables, allMappings: readonly PortMappings[]): Promise<boolean> {
  for (const { address, taken } of allMappings)
    for (const { key, data } of taken.filter((each) => each.data > 0))
      if ((await nft.findElement(maps[address.family].taken, { key }))?.data !== data) return false
  return true
}

/**
 * @param options.generation of the rules from which the allMappings are known; `undefined` when nobody else can change it
 * @returns whether it was all there
 */
async function removeKnown(
  nft: Nftables,
  {
    owner,
    allMappings,
    generation,
  }: { owner: Mark; allMappings: readonly PortMappings[]; generation: number | undefined },
): Promise<boolean> {
  const remove = (batch: Batch) => {
    batch.deleteElements(records, recordElements(owner, wordsFor(allMappings)))
    for (const { address, elements, taken, ownChain } of allMappings) {
      for (const each of elements) each.remove(batch)
      batch.deleteElements(maps[address.family].taken, taken)
      if (ownChain) batch.deleteChain({ table: inetTable, name: ownChain })
    }
  }
  try {
    await nft.transaction(remove, generation === undefined ? {} : { generation })
  } catch (error) {
    if (!isNetlinkError(error, 'ENOENT', 'ERESTART')) throw error
    return false
  }
  return true
}

/** Reads what there is, and changes it; starts over when others have changed it meanwhile. */
async function change(
  nft: Nftables,
  { allMappings, isOurs }: { allMappings: readonly PortMappings[]; isOurs: IsOurs },
): Promise<PublishedPort[]> {
  for (let attempt = 1; ; attempt++) {
    const generation = await nft.getGeneration()
    const changes: Change[] = []
    for (const version of [4, 6] as const) {
      const mappings = allMappings.find(({ address }) => address.family === version)
      const state = await readPortState(nft, version)
      changes.push(planChange(version, { state, isOurs, mappings }))
    }
    const present = await nft.listElements(records)
    const containers = changes.flatMap((each) => each.containers)
    const { outdated, updated } = planRecords({ present, containers, allMappings })
    const needed = changes.filter(({ isNeeded }) => isNeeded)
    if (needed.length + outdated.length + updated.length === 0) return []
    try {
      await nft.transaction(
        (batch) => {
          if (allMappings.length > 0) declareAll(batch, allMappings)
          for (const each of needed) each.apply(batch)
          batch.deleteElements(records, outdated)
          batch.createElements(records, updated)
        },
        { generation },
      )
      return needed.flatMap(({ gone }) => gone)
    } catch (error) {
      if (attempt === ATTEMPTS || !isNetlinkError(error, 'ERESTART')) throw error
    }
  }
}
