import type { KeyType, Nftables, SetElement } from '@patchbay/linux/nftables'
import type { IsOurs } from '../../rules/ruleset/index.ts'
import { type ClientSet, clientSets } from './nftables-clients.ts'
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
  readonly waiting: Listed<'waiting'>
}

/** Reads all of them: for what cannot be decided by the keys alone. */
export async function readPortState(nft: Nftables, version: 4 | 6): Promise<PortState> {
  const { ports, addresses, containers, conditions, taken, waiting } = maps[version]
  return {
    waiting: await nft.listElements(waiting),
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

/** Those elements of a state whose comments are wanted. */
export function select(state: PortState, isWanted: IsOurs): PortState {
  const wanted = ({ comment }: { comment?: string | undefined }) => isWanted(comment)
  return {
    ports: state.ports.filter(wanted),
    addresses: state.addresses.filter(wanted),
    containers: state.containers.filter(wanted),
    clients: state.clients
      .map(({ set, elements }) => ({ set, elements: elements.filter(wanted) }))
      .filter(({ elements }) => elements.length > 0),
    conditions: state.conditions.filter(wanted),
    waiting: state.waiting.filter(wanted),
    taken: [],
  }
}
