import type { Batch } from '@patchbay/linux/nftables'
import { describe, type ElementText, isOfContainer } from '../../rules/ruleset/index.ts'
import { hashOf, type PortMappings, portText, type Target, UNKNOWN } from './nftables-elements.ts'
import { Holders } from './nftables-holders.ts'
import { maps } from './nftables-layout.ts'
import { type PortState, select } from './nftables-state.ts'
import { elementsOfServed, inOrder, type Waiting, waitingFor } from './nftables-waiting.ts'

/** Who gets what by a change, besides those who keep theirs. */
export interface Places {
  /** The part of the mappings that is free. */
  readonly added: PortMappings | undefined
  /** What waits for the rest of it. */
  readonly waits: readonly Waiting[]
  /** What has waited and is free now. */
  readonly served: readonly Waiting[]
  /** Containers of which something else is to be known: whether others wait for their ports, or what they have now. */
  readonly outdated: PortState['containers']
  /** The same, as they are to be. */
  readonly updated: PortState['containers']
}

/**
 * A port goes to who keeps it, then to the mappings, then to those who wait, in the order in which they came.
 *
 * @param options.kept what stays of `state`
 */
export function placePorts(
  version: 4 | 6,
  { state, kept, mappings }: { state: PortState; kept: PortState; mappings: PortMappings | undefined },
): Places {
  const holders = new Holders(kept)
  const rest = mappings?.targets.filter((target) => hasSibling(mappings, target, holders)) ?? []
  const waiting = new Set(rest.map(textOf))
  const isFree = (target: Target) => !waiting.has(textOf(target))
  const waits = mappings ? waitingFor(mappings, rest, state.waiting) : []
  for (const target of mappings?.targets.filter(isFree) ?? [])
    holders.add(target, { isAlone: mappings?.ownChain !== undefined, comment: mappings?.comment })
  const { served, blocked } = serve(inOrder(kept.waiting), holders)
  const awaited = new Set<string | undefined>()
  for (const each of [...blocked, ...waits]) for (const comment of othersOf(each, holders)) awaited.add(comment)
  return {
    added: mappings?.only(isFree, !awaited.has(mappings.comment)),
    waits,
    served,
    ...updateContainers(version, { kept, served, awaited }),
  }
}

/** At the DEL of a container whose ports others wait for, the maps have to be read. */
function updateContainers(
  version: 4 | 6,
  { kept, served, awaited }: { kept: PortState; served: readonly Waiting[]; awaited: ReadonlySet<string | undefined> },
): Pick<Places, 'outdated' | 'updated'> {
  const outdated = kept.containers.filter(({ comment, data }) => {
    if (awaited.has(comment)) return data !== UNKNOWN
    return data === UNKNOWN || served.some((each) => each.comment === comment)
  })
  const updated = outdated.map((container) => ({
    ...container,
    data: awaited.has(container.comment) ? UNKNOWN : hashOf(elementsOf(container.comment, { version, kept, served })),
  }))
  return { outdated, updated }
}

/** What a container has in the end. */
function elementsOf(
  comment: string | undefined,
  { version, kept, served }: { version: 4 | 6; kept: PortState; served: readonly Waiting[] },
): ElementText[] {
  const { ports, addresses, conditions } = maps[version]
  const own = select(kept, (other) => other === comment)
  const fresh = served.filter((each) => each.comment === comment).map((each) => elementsOfServed(each, version))
  const texts = [own, ...fresh].flatMap((each) => [
    ...each.ports.map((element) => describe(ports, element)),
    ...each.addresses.map((element) => describe(addresses, element)),
    ...each.conditions.map((element) => describe(conditions, element)),
  ])
  const clients = own.clients.flatMap(({ set, elements }) => elements.map((element) => describe(set, element)))
  const all = [...texts, ...clients].map((text) => [`${text.set} ${text.key}`, text] as const)
  return [...new Map(all).values()]
}

/** The part of mappings that the container does not have in other networks, of which there are these elements. */
export function withoutSiblings(mappings: PortMappings, others: PortState): PortMappings {
  const holders = new Holders(others)
  return mappings.only((target) => !hasSibling(mappings, target, holders))
}

function hasSibling({ ownChain, containerId }: PortMappings, target: Target, holders: Holders): boolean {
  return holders.of(target, ownChain !== undefined).some((comment) => isOfContainer(comment, containerId))
}

/** Gives what is free to those who wait, and counts it as theirs. */
function serve(waiting: readonly Waiting[], holders: Holders): Record<'served' | 'blocked', Waiting[]> {
  const [served, blocked]: [Waiting[], Waiting[]] = [[], []]
  for (const each of waiting) {
    const isFree = othersOf(each, holders).length === 0
    if (isFree) holders.add(each.target, { isAlone: each.hasConditions, comment: each.comment })
    ;(isFree ? served : blocked).push(each)
  }
  return { served, blocked }
}

function othersOf({ target, hasConditions, comment }: Waiting, holders: Holders): (string | undefined)[] {
  return holders.of(target, hasConditions).filter((other) => other !== comment)
}

function textOf({ host, port }: Target): string {
  return `${host} ${portText(port)}`
}

/** All but what belongs to the part of the mappings that is free. */
export function applyPlaces(
  batch: Batch,
  version: 4 | 6,
  { waits, served, outdated, updated }: Omit<Places, 'added'>,
): void {
  const { ports, addresses, conditions, containers, waiting } = maps[version]
  const gates = new Map<string, ReturnType<typeof elementsOfServed>['conditions'][number]>()
  for (const each of served) {
    const elements = elementsOfServed(each, version)
    batch.createElements(ports, elements.ports)
    batch.createElements(addresses, elements.addresses)
    for (const gate of elements.conditions) gates.set(portText(gate.key), gate)
  }
  // One port may be at several addresses of the host.
  batch.addElements(conditions, [...gates.values()])
  const inMap = (all: readonly Waiting[]) => all.map(({ element }) => element)
  batch.deleteElements(waiting, inMap(served))
  batch.createElements(waiting, inMap(waits))
  batch.deleteElements(containers, outdated)
  batch.createElements(containers, updated)
}
