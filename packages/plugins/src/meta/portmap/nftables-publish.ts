import { isNetlinkError } from '@patchbay/linux/netlink'
import type { Batch, Nftables } from '@patchbay/linux/nftables'
import { type IsOurs, inetTable } from '../../rules/ruleset/index.ts'
import type { PublishedPort } from './forget-connections.ts'
import { declareNeighbours } from './nftables-clients.ts'
import type { Publication } from './nftables-elements.ts'
import { declareLayout, maps } from './nftables-layout.ts'
import { type Change, planChange } from './nftables-plan.ts'
import { readPortState } from './nftables-state.ts'

/** Others may change rules between a look and the change that follows from it; more often than this they do not. */
const ATTEMPTS = 64

type Version = 4 | 6

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
  { isOwner, isDeclared }: { isOwner: IsOurs; isDeclared: boolean },
): Promise<PublishedPort[]> {
  for (const declare of isDeclared ? [declareNothing, declareAll] : [declareAll]) {
    try {
      await nft.transaction((batch) => {
        declare(batch, publications)
        for (const publication of publications) fill(batch, publication)
      })
      return []
    } catch (error) {
      if (isNetlinkError(error, 'EEXIST')) break
      if (!isNetlinkError(error, 'ENOENT')) throw error
    }
  }
  return change(nft, { versions: publications.map(({ address }) => address.family), publications, isOwner })
}

function declareNothing(): void {}

function declareAll(batch: Batch, publications: readonly Publication[]): void {
  declareLayout(batch)
  for (const { address, hasNeighbours } of publications) if (hasNeighbours) declareNeighbours(batch, address)
}

/**
 * Takes back publications whose keys are known, without a look at those of others. What the owner has published under
 * other keys, or with others at the same port, is looked for.
 *
 * @returns the ports that are gone
 */
export async function withdraw(
  nft: Nftables,
  publications: readonly Publication[],
  isOwner: IsOurs,
): Promise<PublishedPort[]> {
  const isShared = publications.some(({ taken }) => taken.some(({ data }) => data > 0))
  const generation = isShared ? await nft.getGeneration() : undefined
  const present = []
  for (const publication of publications) {
    const { address, hash } = publication
    const entry = await nft.findElement(maps[address.family].containers, { key: address.address })
    if (!entry) continue
    const isKnown = isOwner(entry.comment) && entry.data === hash && (await hasPortsAlone(nft, publication))
    present.push({ publication, isKnown })
  }
  if (present.length === 0) return withdrawAll(nft, [4, 6], isOwner)
  const known = present.filter(({ isKnown }) => isKnown).map(({ publication }) => publication)
  if (known.length === present.length && (await removeKnown(nft, known, generation))) return known.flatMap(portsOf)
  const versions = present.map(({ publication }) => publication.address.family)
  return withdrawAll(nft, versions, isOwner)
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
export function withdrawAll(nft: Nftables, versions: readonly Version[], isOwner: IsOurs): Promise<PublishedPort[]> {
  return change(nft, { versions, publications: [], isOwner })
}

/** Only adds: the kernel lets a socket go late when something has been deleted over it. */
function fill(batch: Batch, publication: Publication): void {
  publication.declareOwn(batch)
  for (const each of publication.elements) each.fill(batch)
  batch.createElements(maps[publication.address.family].taken, publication.taken)
}

/** Whether no other container has one of the ports at another address of the host. */
async function hasPortsAlone(nft: Nftables, { address, taken }: Publication): Promise<boolean> {
  for (const { key, data } of taken.filter((each) => each.data > 0))
    if ((await nft.findElement(maps[address.family].taken, { key }))?.data !== data) return false
  return true
}

/**
 * @param generation of the rules from which the publications are known; `undefined` when nobody else can change it
 * @returns whether it was all there
 */
async function removeKnown(
  nft: Nftables,
  publications: readonly Publication[],
  generation: number | undefined,
): Promise<boolean> {
  const remove = (batch: Batch) => {
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
  options: { versions: readonly Version[]; publications: readonly Publication[]; isOwner: IsOurs },
): Promise<PublishedPort[]> {
  const { versions, publications, isOwner } = options
  for (let attempt = 1; ; attempt++) {
    const generation = await nft.getGeneration()
    const changes: Change[] = []
    for (const version of versions) {
      const publication = publications.find(({ address }) => address.family === version)
      const state = await readPortState(nft, version)
      changes.push(planChange(version, { state, isOwner, publication }))
    }
    const needed = changes.filter(({ isNeeded }) => isNeeded)
    if (needed.length === 0) return []
    try {
      await nft.transaction(
        (batch) => {
          if (publications.length > 0) declareAll(batch, publications)
          for (const each of needed) each.apply(batch)
        },
        { generation },
      )
      return needed.flatMap(({ gone }) => gone)
    } catch (error) {
      if (attempt === ATTEMPTS || !isNetlinkError(error, 'ERESTART')) throw error
    }
  }
}
