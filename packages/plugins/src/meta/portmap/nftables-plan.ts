import type { IP } from '@patchbay/address'
import { quote } from '@patchbay/cni/json'
import type { Batch } from '@patchbay/linux/nftables'
import {
  attachmentHash,
  describeMark,
  type IsOurs,
  inetTable,
  isOfContainer,
  markOf,
  namesInMark,
} from '../../rules/ruleset/index.ts'
import type { PublishedPort } from './forget-connections.ts'
import type { Holder } from './holder-alive.ts'
import { type PortKey, type PortMappings, portText, type Taken, takenBy, type UNKNOWN } from './nftables-elements.ts'
import { Holders } from './nftables-holders.ts'
import { maps } from './nftables-layout.ts'
import { applyPlaces, placePorts } from './nftables-places.ts'
import { type PortState, select } from './nftables-state.ts'
import { PortTakenError } from './port-taken.ts'

/** What `containers` has for an address. */
export interface Container {
  readonly key: IP
  /** Stands for what is published, or {@link UNKNOWN}. */
  readonly data: number
  readonly comment?: string | undefined
}

/** A change that has been thought out. */
export interface Change {
  /** Whether there is anything to do. */
  readonly isNeeded: boolean
  /** The ports that owners had and lose. */
  readonly gone: readonly PublishedPort[]
  /** All that will be in `containers`. */
  readonly containers: readonly Container[]
  apply(batch: Batch): void
}

/**
 * Takes away what owners have published, and puts mappings in its place. Whoever had the container's address before
 * is gone: a packet that went there would come to this container. A port that the container has in another network already
 * stays there, and this one waits for it. What is free then goes to those who wait, in the order in which they came.
 *
 * @throws Error naming the container that has one of the ports
 */
export function planChange(
  version: 4 | 6,
  { state, isOurs, mappings }: { state: PortState; isOurs: IsOurs; mappings?: PortMappings | undefined },
): Change {
  const predecessor = state.containers.find(({ key }) => mappings?.address.address.equals(key))?.comment
  const goes: IsOurs = (comment) => isOurs(comment) || (predecessor !== undefined && comment === predecessor)
  const gone = select(state, goes)
  const kept = select(state, (comment) => !goes(comment))
  if (mappings) refuseTaken(mappings, kept)
  const places = placePorts(version, { state, kept, mappings })
  const { added, served } = places
  const taken = takenBy([...targetsOf(kept), ...(added?.targets ?? []), ...served.map(({ target }) => target)])
  const outdated = without(state.taken, taken)
  const fresh = without(taken, state.taken)
  const unused = new Set(gone.conditions.flatMap(({ data: { chain } }) => chain ?? []))
  if (added?.ownChain) unused.delete(added.ownChain)
  const changes = [...Object.values(gone), outdated, fresh, served, places.outdated]
  return {
    gone: publishedPorts(version, gone),
    containers: [
      ...kept.containers.filter((each) => !places.outdated.includes(each)),
      ...places.updated,
      ...(added ? [{ key: added.address.address, data: added.hash, comment: added.comment }] : []),
    ],
    isNeeded: added !== undefined || changes.some(({ length }) => length > 0),
    apply(batch) {
      removeState(batch, version, { ...gone, taken: outdated })
      added?.declareOwn(batch)
      for (const elements of added?.elements ?? []) elements.fill(batch)
      batch.createElements(maps[version].taken, fresh)
      applyPlaces(batch, version, places)
      for (const name of unused) batch.deleteChain({ table: inetTable, name })
    },
  }
}

function publishedPorts(version: 4 | 6, state: PortState): PublishedPort[] {
  return targetsOf(state).map(({ host, port: [protocol, port] }) => ({
    version,
    host,
    protocol: String(protocol),
    port,
  }))
}

function removeState(batch: Batch, version: 4 | 6, state: PortState): void {
  const { ports, addresses, containers, conditions, taken, waiting } = maps[version]
  batch.deleteElements(waiting, state.waiting)
  batch.deleteElements(ports, state.ports)
  batch.deleteElements(addresses, state.addresses)
  batch.deleteElements(containers, state.containers)
  for (const { set, elements } of state.clients) batch.deleteElements(set, elements)
  batch.deleteElements(conditions, state.conditions)
  batch.deleteElements(taken, state.taken)
}

/** Where the ports are that a state has. */
function targetsOf({ ports, addresses }: PortState): { host: IP | undefined; port: PortKey }[] {
  return [
    ...ports.map(({ key }) => ({ host: undefined, port: key })),
    ...addresses.map(({ key: [host, ...port] }) => ({ host, port })),
  ]
}

function without<T extends Taken>(counts: readonly T[], others: readonly Taken[]): T[] {
  const known = new Set(others.map(({ key, data }) => `${portText(key)} ${data}`))
  return counts.filter(({ key, data }) => !known.has(`${portText(key)} ${data}`))
}

/** Of the addresses of a port, one suffices: its holder is named. */
function refuseTaken({ targets, ownChain, containerId }: PortMappings, others: PortState): void {
  const holders = new Holders(others)
  for (const target of targets) {
    const strangers = holders
      .of(target, ownChain !== undefined)
      .filter((comment) => !isOfContainer(comment, containerId))
    if (strangers.length === 0) continue
    const [protocol, port] = target.port
    throw new PortTakenError(
      `${String(protocol)} port ${port}`,
      holderOf(strangers[0], others),
      ownerInWords(strangers[0]),
    )
  }
}

function holderOf(comment: string | undefined, state: PortState): Holder {
  const isOwn = (element: { comment?: string | undefined }) => element.comment === comment
  const published = [...state.ports, ...state.addresses].filter(isOwn).map(({ data: [address] }) => address)
  const noted = state.containers.filter(isOwn).map(({ key }) => key)
  return {
    key: comment ?? '',
    ...{ network: undefined, containerId: undefined, ...namesInMark(comment) },
    addresses: [...new Map([...published, ...noted].map((address) => [String(address), address])).values()],
    isOf: ({ containerId, ifName }) =>
      ifName === undefined
        ? isOfContainer(comment, containerId)
        : markOf(comment)?.attachment === attachmentHash({ containerId, ifName }),
  }
}

function ownerInWords(comment: string | undefined): string {
  const names = namesInMark(comment)
  if (!names) return `somebody else (${quote(describeMark(comment))})`
  return `container "${names.containerId}" in network "${names.network}"`
}
