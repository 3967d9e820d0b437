import type { CIDR } from '@patchbay/address'
import { isNetlinkError } from '@patchbay/linux/netlink'
import type { Batch, Nftables } from '@patchbay/linux/nftables'
import { findRecord, type IsOurs, inetTable, type Mark, recordElements } from '../../rules/ruleset/index.ts'
import type { PublishedPort } from './forget-connections.ts'
import { declareNeighbours } from './nftables-clients.ts'
import type { Publication } from './nftables-elements.ts'
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
export async function publish(
  nft: Nftables,
  publications: readonly Publication[],
  { isOurs, isDeclared }: { isOurs: IsOurs; isDeclared: boolean },
): Promise<PublishedPort[]> {
  for (const declare of isDeclared ? [declareNothing, declareAll] : [declareAll]) {
    try {
      await nft.transaction((batch) => {
        declare(batch, publications)
        for (const publication of publications) fill(batch, publication)
        fillRecord(batch, publications)
      })
      return []
    } catch (error) {
      if (isNetlinkError(error, 'EEXIST')) break
      if (!isNetlinkError(error, 'ENOENT')) throw error
    }
  }
  return change(nft, { publications, isOurs })
}

function declareNothing(): void {}

function declareAll(batch: Batch, publications: readonly Publication[]): void {
  declareLayout(batch)
  for (const { address, hasNeighbours } of publications) if (hasNeighbours) declareNeighbours(batch, address)
}

/** Whose publications to take back, and what is known of them. */
export interface Withdrawal {
  readonly owner: Mark
  readonly isOurs: IsOurs
  /** What the runtime says that the attachment has. */
  readonly addresses: readonly CIDR[]
  /**
   * What the configuration publishes at an address.
   *
   * @throws Error when it makes no sense
   */
  readonly publicationAt: (address: CIDR) => Publication
  /** Whether others may have one of the ports at another address of the host. */
  readonly isShared: boolean
}

/**
 * Takes back what an attachment has published. What its record names, and the configuration explains, goes without a look at what
 * others have. The rest is looked for: what was published by another configuration, or with others at the same port.
 *
 * @returns the ports that are gone
 */
export async function withdraw(nft: Nftables, withdrawal: Withdrawal): Promise<PublishedPort[]> {
  const { owner, isOurs, publicationAt, isShared } = withdrawal
  const generation = isShared ? await nft.getGeneration() : undefined
  const record = await findRecord(nft, records, owner)
  if (!record) return withdrawUnrecorded(nft, withdrawal)
  const publications = attempt(() => recordedIn(record.words).map(publicationAt)) ?? []
  const isKnown = wordsFor(publications).join() === record.words.join() && (await havePortsAlone(nft, publications))
  if (isKnown && (await removeKnown(nft, { owner, publications, generation }))) return publications.flatMap(portsOf)
  return withdrawAll(nft, isOurs)
}

/** What versions until 0.1 have published, which made no records. */
async function withdrawUnrecorded(nft: Nftables, { addresses, isOurs }: Withdrawal): Promise<PublishedPort[]> {
  if (addresses.length === 0) return withdrawAll(nft, isOurs)
  for (const { family, address: key } of addresses) {
    const container = await nft.findElement(maps[family].containers, { key })
    if (isOurs(container?.comment)) return withdrawAll(nft, isOurs)
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

function portsOf({ address, targets }: Publication): PublishedPort[] {
  const version = address.family
  return targets.map(({ host, port: [protocol, port] }) => ({ version, host, protocol: String(protocol), port }))
}

/**
 * Takes back all that owners have published.
 *
 * @returns the ports that are gone
 */
export function withdrawAll(nft: Nftables, isOurs: IsOurs): Promise<PublishedPort[]> {
  return change(nft, { publications: [], isOurs })
}

/** Only adds: the kernel lets a socket go late when something has been deleted over it. */
function fill(batch: Batch, publication: Publication): void {
  publication.declareOwn(batch)
  for (const each of publication.elements) each.fill(batch)
  batch.createElements(maps[publication.address.family].taken, publication.taken)
}

/** Whether no other container has one of the ports at another address of the host. */
async function havePortsAlone(nft: Nftables, publications: readonly Publication[]): Promise<boolean> {
  for (const { address, taken } of publications)
    for (const { key, data } of taken.filter((each) => each.data > 0))
      if ((await nft.findElement(maps[address.family].taken, { key }))?.data !== data) return false
  return true
}

/**
 * @param options.generation of the rules from which the publications are known; `undefined` when nobody else can change it
 * @returns whether it was all there
 */
async function removeKnown(
  nft: Nftables,
  {
    owner,
    publications,
    generation,
  }: { owner: Mark; publications: readonly Publication[]; generation: number | undefined },
): Promise<boolean> {
  const remove = (batch: Batch) => {
    batch.deleteElements(records, recordElements(owner, wordsFor(publications)))
    for (const { address, elements, taken, ownChain } of publications) {
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

/** Looks what there is, and changes it; again when others have been quicker. */
async function change(
  nft: Nftables,
  { publications, isOurs }: { publications: readonly Publication[]; isOurs: IsOurs },
): Promise<PublishedPort[]> {
  for (let attempt = 1; ; attempt++) {
    const generation = await nft.getGeneration()
    const changes: Change[] = []
    for (const version of [4, 6] as const) {
      const publication = publications.find(({ address }) => address.family === version)
      const state = await readPortState(nft, version)
      changes.push(planChange(version, { state, isOurs, publication }))
    }
    const present = await nft.listElements(records)
    const containers = changes.flatMap((each) => each.containers)
    const { outdated, updated } = planRecords({ present, containers, publications })
    const needed = changes.filter(({ isNeeded }) => isNeeded)
    if (needed.length + outdated.length + updated.length === 0) return []
    try {
      await nft.transaction(
        (batch) => {
          if (publications.length > 0) declareAll(batch, publications)
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
