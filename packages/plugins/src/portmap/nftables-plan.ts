import type { IP } from '@patchbay/address'
import { quote } from '@patchbay/cni/json'
import type { Batch, KeyType, Nftables, SetElement } from '@patchbay/linux/nftables'
import { describeMark, inetTable, isOfContainer, namesInMark } from '../ruleset/index.ts'
import type { PublishedPort } from './forget-connections.ts'
import { type ClientSet, clientSets } from './nftables-clients.ts'
import { type Port, type Publication, portText, type Taken, type Target, takenBy } from './nftables-elements.ts'
import { maps, type PortMaps } from './nftables-layout.ts'

type Listed<N extends Exclude<keyof PortMaps, 'version'>> = readonly SetElement<
  PortMaps[N]['key'],
  PortMaps[N]['data']
>[]

/** Those of one set. */
interface Clients {
  readonly set: ClientSet
  readonly elements: readonly SetElement<KeyType, undefined>[]
}

/** The elements of the maps and sets of an IP version. */
export interface PortState {
  readonly ports: Listed<'ports'>
  readonly addresses: Listed<'addresses'>
  readonly containers: Listed<'containers'>
  readonly clients: readonly Clients[]
  readonly conditions: Listed<'conditions'>
  readonly taken: Listed<'taken'>
}

/** A change that has been thought out. */
export interface Change {
  /** Whether there is anything to do. */
  readonly isNeeded: boolean
  /** The ports that owners had and lose. */
  readonly gone: readonly PublishedPort[]
  apply(batch: Batch): void
}

/** Whether an element is an owner's, by its comment. */
export type IsOwner = (comment: string | undefined) => boolean

/** Reads all of them: for what cannot be decided by the keys alone. */
export async function readPortState(nft: Nftables, version: 4 | 6): Promise<PortState> {
  const { ports, addresses, containers, conditions, taken } = maps[version]
  return {
    ports: await nft.listElements(ports),
    addresses: await nft.listElements(addresses),
    containers: await nft.listElements(containers),
    clients: await readClients(nft, version),
    conditions: await nft.listElements(conditions),
    taken: await nft.listElements(taken),
  }
}

async function readClients(nft: Nftables, version: 4 | 6): Promise<Clients[]> {
  const all: Clients[] = []
  for (const set of await clientSets(nft, version)) all.push({ set, elements: await nft.listElements(set) })
  return all
}

/**
 * Takes away what owners have published, and puts a publication in its place. Whoever had the container's address before
 * is gone: a packet that went there would come to this container. A port that the container has in another network already
 * stays there.
 *
 * @throws Error naming the container that has one of the ports
 */
export function planChange(
  version: 4 | 6,
  { state, isOwner, publication }: { state: PortState; isOwner: IsOwner; publication?: Publication | undefined },
): Change {
  const predecessor = state.containers.find(({ key }) => publication?.address.address.equals(key))?.comment
  const goes: IsOwner = (comment) => isOwner(comment) || (predecessor !== undefined && comment === predecessor)
  const gone = select(state, goes)
  const kept = select(state, (comment) => !goes(comment))
  if (publication) refuseTaken(publication, kept)
  const added = publication && withoutSiblings(publication, kept)
  const taken = takenBy([...targetsOf(kept), ...(added?.targets ?? [])])
  const outdated = without(state.taken, taken)
  const fresh = without(taken, state.taken)
  const unused = new Set(gone.conditions.flatMap(({ data: { chain } }) => chain ?? []))
  if (added?.ownChain) unused.delete(added.ownChain)
  return {
    gone: targetsOf(gone).map(({ host, port: [protocol, port] }) => ({
      version,
      host,
      protocol: String(protocol),
      port,
    })),
    isNeeded: added !== undefined || [...Object.values(gone), outdated, fresh].some(({ length }) => length > 0),
    apply(batch) {
      removeState(batch, version, { ...gone, taken: outdated })
      added?.declareOwn(batch)
      for (const elements of added?.elements ?? []) elements.fill(batch)
      batch.createElements(maps[version].taken, fresh)
      for (const name of unused) batch.deleteChain({ table: inetTable, name })
    },
  }
}

/** Those elements of a state whose comments are wanted. */
export function select(state: PortState, isWanted: IsOwner): PortState {
  const wanted = ({ comment }: { comment?: string | undefined }) => isWanted(comment)
  return {
    ports: state.ports.filter(wanted),
    addresses: state.addresses.filter(wanted),
    containers: state.containers.filter(wanted),
    clients: state.clients
      .map(({ set, elements }) => ({ set, elements: elements.filter(wanted) }))
      .filter(({ elements }) => elements.length > 0),
    conditions: state.conditions.filter(wanted),
    taken: [],
  }
}

function removeState(batch: Batch, version: 4 | 6, state: PortState): void {
  const { ports, addresses, containers, conditions, taken } = maps[version]
  batch.deleteElements(ports, state.ports)
  batch.deleteElements(addresses, state.addresses)
  batch.deleteElements(containers, state.containers)
  for (const { set, elements } of state.clients) batch.deleteElements(set, elements)
  batch.deleteElements(conditions, state.conditions)
  batch.deleteElements(taken, state.taken)
}

/** Where the ports are that a state has. */
function targetsOf({ ports, addresses }: PortState): { host: IP | undefined; port: Port }[] {
  return [
    ...ports.map(({ key }) => ({ host: undefined, port: key })),
    ...addresses.map(({ key: [host, ...port] }) => ({ host, port })),
  ]
}

function without<T extends Taken>(counts: readonly T[], others: readonly Taken[]): T[] {
  const known = new Set(others.map(({ key, data }) => `${portText(key)} ${data}`))
  return counts.filter(({ key, data }) => !known.has(`${portText(key)} ${data}`))
}

function refuseTaken({ targets, ownChain, containerId }: Publication, others: PortState): void {
  const strangers = select(others, (comment) => !isOfContainer(comment, containerId))
  for (const target of targets) {
    const taken = findTaken(target, { others: strangers, isAlone: ownChain !== undefined })
    if (!taken) continue
    const [protocol, port] = target.port
    throw new Error(`Cannot publish ${String(protocol)} port ${port}: ${ownerInWords(taken.comment)} has it`)
  }
}

/** The part of a publication that the container does not have in other networks, of which there are these elements. */
export function withoutSiblings(publication: Publication, others: PortState): Publication {
  const { ownChain, containerId } = publication
  const siblings = select(others, (comment) => isOfContainer(comment, containerId))
  return publication.only((target) => !findTaken(target, { others: siblings, isAlone: ownChain !== undefined }))
}

/**
 * An element that has the same port at the same address, or at all of them.
 *
 * @param options.isAlone whether the port cannot be published at another address
 */
function findTaken(
  { host, port }: Target,
  { others, isAlone }: { others: PortState; isAlone: boolean },
): { comment?: string | undefined } | undefined {
  const isSame = (other: Port) => portText(other) === portText(port)
  return (
    others.ports.find(({ key }) => isSame(key)) ??
    others.conditions.find(({ key }) => isSame(key)) ??
    others.addresses.find(
      ({ key: [address, ...other] }) => isSame(other) && (isAlone || host === undefined || host.equals(address)),
    )
  )
}

function ownerInWords(comment: string | undefined): string {
  const names = namesInMark(comment)
  if (!names) return `somebody else (${quote(describeMark(comment))})`
  return `container "${names.containerId}" in network "${names.network}"`
}
