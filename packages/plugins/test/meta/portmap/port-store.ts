import { type CIDR, parseCIDR } from '@patchbay/address'
import {
  Batch,
  type ElementKey,
  type KeyType,
  type MapData,
  type NamedSet,
  type NewElement,
  type SetElement,
  type TableMember,
} from '@patchbay/linux/nftables'
import type { PortMapping, PortmapConfig } from '../../../src/meta/portmap/config.ts'
import { type ClientSet, everyClient, loopback, neighboursOf } from '../../../src/meta/portmap/nftables-clients.ts'
import { type PortMappings, portMappingsOf, UNKNOWN } from '../../../src/meta/portmap/nftables-elements.ts'
import { maps } from '../../../src/meta/portmap/nftables-layout.ts'
import { type Change, planChange } from '../../../src/meta/portmap/nftables-plan.ts'
import type { PortState } from '../../../src/meta/portmap/nftables-state.ts'
import { describe, describeMark, namesInMark, ownedBy } from '../../../src/rules/ruleset/index.ts'

/** A container's wish for ports in a network. */
export interface Wish {
  /** `c1 net1`: container and network. */
  readonly who: string
  /** In 10.1.0.0/16: the rest of the container's address. */
  readonly at: string
  /** `80`, `192.0.2.1:80`, `udp 53`; with the container's port behind `>`. */
  readonly ports: readonly string[]
  readonly conditions?: boolean
}

export function ownerOfWish({ who }: Pick<Wish, 'who'>) {
  const [containerId = '', name = 'net1'] = who.split(' ')
  return { containerId, name, ifName: 'eth0' }
}

export function mappingsOfWish(wish: Wish): PortMappings {
  const conditions = { 4: wish.conditions ? ['ip', 'saddr', '10.0.0.0/8'] : [], 6: [] }
  const address: CIDR = parseCIDR(`10.1.${wish.at}/24`)
  const unused = { backend: undefined, markBit: 13, externalSetMarkChain: '', prevResult: undefined }
  const config: PortmapConfig = {
    ...unused,
    snat: true,
    masqAll: false,
    addresses: { 4: address, 6: undefined },
    mappings: wish.ports.map(mappingOf),
    conditions,
  }
  return portMappingsOf(ownerOfWish(wish), config, { address })
}

function mappingOf(text: string): PortMapping {
  const [, protocol = 'tcp', hostIP = '', hostPort, containerPort = 80] =
    /^(?:(\w+) )?(?:([\d.]+):)?(\d+)(?:>(\d+))?$/.exec(text) ?? []
  return { protocol, hostIP, hostPort: Number(hostPort), containerPort: Number(containerPort) }
}

/** What the kernel would have after plans: it refuses a key that is there, and one that is not. */
export class PortStore extends Batch {
  readonly #sets = new Map<string, Map<string, unknown>>()
  readonly #wishes = new Map<string, PortMappings>()
  readonly deletedChains: string[] = []

  get state(): PortState {
    const { ports, addresses, containers, conditions, taken, waiting } = maps[4]
    const clients: ClientSet[] = [loopback, everyClient[4], neighboursOf(parseCIDR('10.1.0.0/24')).set]
    return {
      ports: this.#list(ports),
      addresses: this.#list(addresses),
      containers: this.#list(containers),
      clients: clients.map((set) => ({ set, elements: this.#list(set) })),
      conditions: this.#list(conditions),
      taken: this.#list(taken),
      waiting: this.#list(waiting),
    }
  }

  /** Plans and makes a change: mappings come, or an owner goes. */
  change(wish: Wish | Pick<Wish, 'who'>): Change {
    const mappings = 'ports' in wish ? mappingsOfWish(wish) : undefined
    const change = planChange(4, { state: this.state, isOurs: ownedBy(ownerOfWish(wish)), mappings })
    if (mappings) this.#wishes.set(describeMark(mappings.comment), mappings)
    change.apply(this)
    return change
  }

  /**
   * What is there but for clients, sorted: `ports tcp . 80 : 10.1.0.2 . 80, c1 net1`. In `containers` it is `all` when the hash is
   * that of the whole wish, `some` when it is another one, `?` when it is unknown.
   */
  get lines(): string[] {
    const { ports, addresses, conditions, taken, waiting, containers } = maps[4]
    const texts = [ports, addresses, conditions, taken, waiting].flatMap((set) =>
      this.#listAny(set).map((element) => lineOf(set, element)),
    )
    const hashes = this.#list(containers).map(
      (element) => `${lineOf(containers, { ...element, data: this.#knownOf(element) })}`,
    )
    return [...texts, ...hashes].sort()
  }

  /** Leaves marks as versions until 0.1 wrote them. */
  forgetContainerHashes(): void {
    for (const elements of this.#sets.values())
      for (const [key, element] of elements) elements.set(key, withEarlierMark(element))
  }

  #knownOf({ data, comment = '' }: { data: number; comment?: string | undefined }): string {
    if (data === UNKNOWN) return '?'
    return data === this.#wishes.get(describeMark(comment))?.hash ? 'all' : 'some'
  }

  #of(set: { name: string }): Map<string, unknown> {
    const elements = this.#sets.get(set.name) ?? new Map<string, unknown>()
    this.#sets.set(set.name, elements)
    return elements
  }

  /** What was put into a set had its types. */
  #list<K extends KeyType, D extends MapData | undefined>(set: NamedSet<K, D>): SetElement<K, D>[] {
    return [...this.#of(set).values()] as SetElement<K, D>[]
  }

  #listAny(set: { name: string }): Parameters<typeof describe>[1][] {
    return [...this.#of(set).values()] as Parameters<typeof describe>[1][]
  }

  override createElements<K extends KeyType, D extends MapData | undefined>(
    set: NamedSet<K, D>,
    elements: readonly NewElement<K, D>[],
  ): void {
    for (const element of elements) {
      const { key } = describe(set, element)
      if (this.#of(set).has(key)) throw new Error(`EEXIST: ${set.name} ${key}`)
      this.#of(set).set(key, element)
    }
  }

  override addElements<K extends KeyType, D extends MapData | undefined>(
    set: NamedSet<K, D>,
    elements: readonly NewElement<K, D>[],
  ): void {
    this.createElements(
      set,
      elements.filter((element) => !this.#of(set).has(describe(set, element).key)),
    )
  }

  override deleteElements<K extends KeyType, D extends MapData | undefined>(
    set: NamedSet<K, D>,
    keys: readonly ElementKey<K>[],
  ): void {
    for (const element of keys) {
      const { key } = describe(set, element)
      if (!this.#of(set).delete(key)) throw new Error(`ENOENT: ${set.name} ${key}`)
    }
  }

  override deleteChain({ name }: TableMember): void {
    this.deletedChains.push(name)
  }
}

function withEarlierMark(element: unknown): unknown {
  if (typeof element !== 'object' || element === null || !('comment' in element)) return element
  return { ...element, comment: String(element.comment).replace(/^(\w+-\w+)-\w+/, '$1') }
}

function lineOf(set: { name: string }, element: Parameters<typeof describe>[1]): string {
  const { key, data, comment } = describe(set, element)
  const names = namesInMark(comment)
  const owner = names ? `, ${names.containerId} ${names.network}` : ''
  const value = data.replace(/-[0-9a-f]{16}-[0-9a-f]{16}-4$/, '')
  return `${set.name.replace(/^portmap-|4$/g, '')} ${key} : ${value}${owner}`
}
