import { createHash } from 'node:crypto'
import type { CIDR, IP } from '@patchbay/address'
import { quote } from '@patchbay/cni/json'
import {
  type Batch,
  type Chain,
  type KeyType,
  type KeyValue,
  type MapData,
  type NamedSet,
  type NewElement,
  verdict,
} from '@patchbay/linux/nftables'
import type { Attachment } from '../../request/attachment.ts'
import {
  attachmentHash,
  type Claim,
  claim,
  type ElementText,
  inetTable,
  type Mark,
  mark,
  networkHash,
} from '../../rules/ruleset/index.ts'
import { hostAddress, isForVersion, type PortMapping, type PortmapConfig } from './config.ts'
import { everyClient, loopback, neighboursOf } from './nftables-clients.ts'
import { declareConditions, parseConditions } from './nftables-conditions.ts'
import { maps, type PortMaps } from './nftables-layout.ts'

/** A port of a transport protocol, as it is a key. */
export type PortKey = KeyValue<PortMaps['ports']['key']>

type Key<N extends 'ports' | 'addresses'> = PortMaps[N]['key']
type Data<N extends 'ports' | 'addresses'> = PortMaps[N]['data']

/** Elements that can be taken away again as they were put in. */
export interface Elements extends Claim {
  remove(batch: Batch): void
}

/** A port, and at how many addresses of the host it is; 0 for every one. */
export interface Taken {
  readonly key: PortKey
  readonly data: number
}

/** What a mapping asks for, without what several can say in different words. */
export interface Target {
  /** `undefined` for every address. */
  readonly host: IP | undefined
  readonly port: PortKey
  readonly containerPort: number
}

/** What an attachment is to have in the maps of an IP version. */
export interface PortMappings {
  readonly containerId: string
  readonly address: CIDR
  readonly targets: readonly Target[]
  /** Those of the attachment alone: of all maps but `taken`. */
  readonly elements: readonly Elements[]
  /** Stands for the elements, in `containers`. */
  readonly hash: number
  /** What it makes of `taken` when nobody else has the ports. */
  readonly taken: readonly Taken[]
  /** The chain that has its conditions. */
  readonly ownChain: string | undefined
  /** Whether it needs the set of containers for its size of network. */
  readonly hasNeighbours: boolean
  /** The mark of the attachment. */
  readonly comment: string
  /**
   * The same with some of the targets.
   *
   * @param isAlone whether nobody waits for one of them
   */
  only(isFree: (target: Target) => boolean, isAlone?: boolean): PortMappings
  /** Declares the chain of the attachment, if it has one. */
  declareOwn(batch: Batch): void
}

/** In `containers` in place of a hash: what to take back is in the maps. */
export const UNKNOWN = 0

const protocols = ['tcp', 'udp', 'sctp'] as const

/**
 * What an attachment is to have by its configuration.
 *
 * @param options.isFree leaves out the targets for which it is false
 * @param options.isAlone whether nobody waits for one of the ports; otherwise DEL has to look who that is
 * @throws Error for a mapping or a condition that makes no sense
 */
export function portMappingsOf(
  attachment: Attachment,
  config: PortmapConfig,
  {
    address,
    isFree = () => true,
    isAlone = true,
  }: { address: CIDR; isFree?: (target: Target) => boolean; isAlone?: boolean },
): PortMappings {
  const version = address.family
  const targets = targetsOf(config.mappings, version).filter(isFree)
  const conditions = parseConditions(config.conditions[version], `conditionsV${version}`)
  const ownChain = conditions.length > 0 ? conditionsChain(attachment, version) : undefined
  const elements = [
    ...portElements(attachment, { address, targets, ownChain }),
    ...(config.snat ? clientElements(attachment, { address, masqAll: config.masqAll }) : []),
  ]
  const hash = isAlone ? hashOf(elements.flatMap((each) => each.elements)) : UNKNOWN
  const comment = mark(attachment)
  const container = { key: address.address, data: hash, comment }
  return {
    containerId: attachment.containerId,
    comment,
    address,
    targets,
    elements: [...elements, elementsIn(maps[version].containers, [container])],
    hash,
    taken: takenBy(targets),
    ownChain: ownChain?.name,
    hasNeighbours: hasNeighbours(config),
    only: (free, alone = true) => portMappingsOf(attachment, config, { address, isFree: free, isAlone: alone }),
    declareOwn(batch) {
      if (ownChain) declareConditions(batch, ownChain, conditions)
    },
  }
}

/** Whether clients of a container are masqueraded that are in its network, and not all others. */
export function hasNeighbours({ snat, masqAll }: PortmapConfig): boolean {
  return snat && !masqAll
}

interface Parts extends Pick<PortMappings, 'address' | 'targets'> {
  readonly ownChain: Chain | undefined
}

/** By map. */
function portElements(attachment: Attachment, { address: { address, family }, targets, ownChain }: Parts): Elements[] {
  const { ports, addresses, conditions } = maps[family]
  const comment = mark(attachment)
  const everywhere = targets.flatMap(({ host, port, containerPort }): NewElement<Key<'ports'>, Data<'ports'>>[] =>
    host ? [] : [{ key: port, data: [address, containerPort], comment }],
  )
  const somewhere = targets.flatMap(
    ({ host, port, containerPort }): NewElement<Key<'addresses'>, Data<'addresses'>>[] =>
      host ? [{ key: [host, ...port], data: [address, containerPort], comment }] : [],
  )
  const gated = ownChain ? takenBy(targets) : []
  const gate = verdict.jump(ownChain?.name ?? '')
  return [
    elementsIn(ports, everywhere),
    elementsIn(addresses, somewhere),
    elementsIn(
      conditions,
      gated.map(({ key }) => ({ key, data: gate, comment })),
    ),
  ]
}

/** By set. */
function clientElements(attachment: Attachment, { address, masqAll }: { address: CIDR; masqAll: boolean }): Elements[] {
  const container = { key: address.address, comment: mark(attachment) }
  if (masqAll) return [elementsIn(everyClient[address.family], [container])]
  const neighbour = { ...container, key: [address.address, address.network] as const }
  const neighbours = elementsIn(neighboursOf(address).set, [neighbour])
  return address.family === 4 ? [neighbours, elementsIn(loopback, [container])] : [neighbours]
}

/** Each port once, in the order of the mappings; of two mappings for the same the first counts. */
function targetsOf(mappings: readonly PortMapping[], version: 4 | 6): Target[] {
  const targets = new Map<string, Target>()
  for (const mapping of mappings.filter((each) => isForVersion(each, version))) {
    const address = hostAddress(mapping)
    const host = address?.isUnspecified ? undefined : address
    const port: PortKey = [protocolOf(mapping), mapping.hostPort]
    const key = `${host} ${portText(port)}`
    if (!targets.has(key)) targets.set(key, { host, port, containerPort: mapping.containerPort })
  }
  return [...targets.values()]
}

function protocolOf({ protocol, hostPort }: PortMapping): PortKey[0] {
  const found = protocols.find((each) => each === protocol.toLowerCase())
  if (found) return found
  throw new Error(`Cannot publish port ${hostPort}: ${quote(protocol)} is not one of "tcp", "udp" and "sctp"`)
}

/** The elements of `taken` that belong to targets. */
export function takenBy(targets: Iterable<Pick<Target, 'host' | 'port'>>): Taken[] {
  const taken = new Map<string, Taken>()
  for (const { host, port } of targets) {
    const before = taken.get(portText(port))?.data
    const data = host === undefined || before === 0 ? 0 : (before ?? 0) + 1
    taken.set(portText(port), { key: port, data })
  }
  return [...taken.values()]
}

/** `tcp . 8080` */
export function portText(port: PortKey): string {
  return port.map(String).join(' . ')
}

export function conditionsChain(attachment: Attachment, version: 4 | 6): Chain {
  const hashes = { network: networkHash(attachment.name), attachment: attachmentHash(attachment) }
  return { table: inetTable, name: conditionsChainOf(hashes, version), comment: mark(attachment) }
}

/** The name of the chain with an attachment's conditions. */
export function conditionsChainOf({ network, attachment }: Mark, version: 4 | 6): string {
  return `portmap-conditions-${network}-${attachment}-${version}`
}

function elementsIn<K extends KeyType, D extends MapData | undefined>(
  map: NamedSet<K, D>,
  elements: readonly NewElement<K, D>[],
): Elements {
  return { ...claim(map, elements), remove: (batch) => batch.deleteElements(map, elements) }
}

/** Stands for elements of a container, in any order. */
export function hashOf(elements: readonly ElementText[]): number {
  const texts = elements.map(({ set, key, data }) => JSON.stringify([set, key, data])).sort()
  return createHash('sha512').update(texts.join()).digest().readUInt32BE(0) || 1
}
