import { isNetlinkError } from '@patchbay/linux/netlink'
import type { Batch, Nftables } from '@patchbay/linux/nftables'
import { deleteUnusedChain, type IsOurs, inetTable } from '../ruleset/index.ts'
import { type Port, type Publication, portText } from './nftables-elements.ts'
import { declareLayout, maps, neighbourRules } from './nftables-layout.ts'
import { type Change, planChange, readPortState } from './nftables-plan.ts'

/** Others may change rules between a look and the change that follows from it; more often than this they do not. */
const ATTEMPTS = 64

type Version = 4 | 6

/**
 * Publishes ports, in place of what the owner has published before. Usually that is one transaction of elements alone;
 * the kernel refuses it when a key is taken or something is missing, and only then it is looked what there is.
 *
 * @throws Error naming the container that has one of the ports; then nothing has changed
 */
export async function publish(nft: Nftables, publications: readonly Publication[], isOwner: IsOurs): Promise<void> {
  try {
    await nft.transaction((batch) => {
      for (const publication of publications) fill(batch, publication)
    })
  } catch (error) {
    if (!isNetlinkError(error, 'ENOENT', 'EEXIST')) throw error
    await change(nft, { versions: publications.map(({ address }) => address.family), publications, isOwner })
  }
}

/**
 * Takes back publications whose keys are known, without a look at those of others. What the owner has published under
 * other keys, or with others at the same port, is looked for.
 */
export async function withdraw(nft: Nftables, publications: readonly Publication[], isOwner: IsOurs): Promise<void> {
  const present = []
  for (const publication of publications) {
    const { address, hash } = publication
    const entry = await nft.getElement(maps[address.family].containers, { key: address.address })
    if (!entry) continue
    const isKnown = isOwner(entry.comment) && entry.data === hash && (await hasPortsAlone(nft, publication))
    present.push({ publication, isKnown })
  }
  if (present.length === 0) return
  const known = present.filter(({ isKnown }) => isKnown).map(({ publication }) => publication)
  if (known.length === present.length && (await removeKnown(nft, known))) return
  const versions = present.map(({ publication }) => publication.address.family)
  await withdrawAll(nft, versions, isOwner)
}

/** Takes back all that owners have published. */
export async function withdrawAll(nft: Nftables, versions: readonly Version[], isOwner: IsOurs): Promise<void> {
  await change(nft, { versions, publications: [], isOwner })
}

/** Adds elements that are not there, and makes sure of what cannot be a key: one address more or less makes no difference. */
function fill(batch: Batch, { address, elements, everywhere, somewhere, ...publication }: Publication): void {
  const { ports, shared } = maps[address.family]
  publication.declareOwn(batch)
  for (const each of elements) each.fill(batch)
  batch.createElements(shared, somewhere)
  const both = new Set(somewhere.map(({ key }) => portText(key)))
  const isOnly = (port: Port) => !both.has(portText(port))
  const free = everywhere.filter(isOnly).map((key) => ({ key, data: 0 }))
  batch.createElements(shared, free)
  batch.deleteElements(shared, free)
  const taken = new Set(everywhere.map(portText))
  const single = somewhere
    .filter(({ key }) => !taken.has(portText(key)))
    .map(({ key }): { key: Port; data: [typeof address.address, number] } => ({ key, data: [address.address, 0] }))
  batch.createElements(ports, single)
  batch.deleteElements(ports, single)
}

/** Whether no other container has one of the ports at another address of the host. */
async function hasPortsAlone(nft: Nftables, { address, somewhere }: Publication): Promise<boolean> {
  for (const { key, data } of somewhere)
    if ((await nft.getElement(maps[address.family].shared, { key }))?.data !== data) return false
  return true
}

/** @returns whether it was all there */
async function removeKnown(nft: Nftables, publications: readonly Publication[]): Promise<boolean> {
  try {
    await nft.transaction((batch) => {
      for (const { address, elements, somewhere, ownChain } of publications) {
        for (const each of elements) each.remove(batch)
        batch.deleteElements(maps[address.family].shared, somewhere)
        if (ownChain) batch.deleteChain({ table: inetTable, name: ownChain })
      }
    })
  } catch (error) {
    if (!isNetlinkError(error, 'ENOENT')) throw error
    return false
  }
  for (const { address, networkChain } of publications)
    if (networkChain) await tidy(nft, address.family, [networkChain])
  return true
}

/** Looks what there is, and changes it; again when others have been quicker. */
async function change(
  nft: Nftables,
  options: { versions: readonly Version[]; publications: readonly Publication[]; isOwner: IsOurs },
): Promise<void> {
  const { versions, publications, isOwner } = options
  for (let attempt = 1; ; attempt++) {
    const generation = await nft.getGeneration()
    const changes = new Map<Version, Change>()
    for (const version of versions) {
      const publication = publications.find(({ address }) => address.family === version)
      const state = await readPortState(nft, version)
      changes.set(version, planChange(version, { state, isOwner, publication }))
    }
    const needed = [...changes].filter(([, { isNeeded }]) => isNeeded)
    if (needed.length === 0) return
    try {
      await nft.transaction(
        (batch) => {
          if (publications.length > 0) declareLayout(batch)
          for (const publication of publications) publication.declareNetwork(batch)
          for (const [, each] of needed) each.apply(batch)
        },
        { generation },
      )
    } catch (error) {
      if (attempt === ATTEMPTS || !isNetlinkError(error, 'ERESTART')) throw error
      continue
    }
    for (const [version, { networkChains }] of needed) await tidy(nft, version, networkChains)
    return
  }
}

/** Removes chains of networks that nobody uses any more. */
async function tidy(nft: Nftables, version: Version, chains: readonly string[]): Promise<void> {
  for (const name of chains) await deleteUnusedChain(nft, { table: inetTable, name }, neighbourRules[version])
}
