import { type IP, parseIP } from '@patchbay/address'
import { type NewElement, type SetElement, verdict } from '@patchbay/linux/nftables'
import { isSameOwner, markOf } from '../../rules/ruleset/index.ts'
import { conditionsChainOf, type PortMappings, portText, type Target } from './nftables-elements.ts'
import type { PortMaps } from './nftables-layout.ts'

type Key = PortMaps['waiting']['key']
type Data = PortMaps['waiting']['data']

/** An element of `waiting` that is there. */
export type WaitingElement = SetElement<Key, Data>

/** A port that a container gets when its other network, or the container that has it, leaves. */
export interface Waiting {
  /** As it is in `waiting`. */
  readonly element: NewElement<Key, Data>
  readonly target: Target
  /** Whose it is. */
  readonly comment: string | undefined
  /** Whether its packets have to fulfil conditions. */
  readonly hasConditions: boolean
}

/** Stands for every address of the host in a key. */
const everywhere: Readonly<Record<4 | 6, IP>> = { 4: parseIP('0.0.0.0'), 6: parseIP('::') }

/** Those that are there, in the order in which their containers came. */
export function inOrder(elements: readonly WaitingElement[]): Waiting[] {
  return [...elements].sort((a, b) => a.data[1] - b.data[1]).map(fromElement)
}

function fromElement(element: WaitingElement): Waiting {
  const {
    key: [, protocol, port, host],
    data: [containerPort, place],
    comment,
  } = element
  const target = { host: host.isUnspecified ? undefined : host, port: [protocol, port] as const, containerPort }
  return { element, target, comment, hasConditions: place % 2 === 1 }
}

/**
 * Has some targets of mappings wait.
 *
 * @param before what waits already; what the same attachment had waited for keeps its place
 */
export function waitingFor(
  { address, ownChain, comment }: PortMappings,
  targets: readonly Target[],
  before: readonly WaitingElement[],
): Waiting[] {
  const last = Math.max(0, ...before.map(({ data: [, place] }) => place >> 1))
  return targets.map((target) => {
    const key = [address.address, ...target.port, target.host ?? everywhere[address.family]] as const
    const earlier = before.find((each) => isSameOwner(each.comment, comment) && textOf(each.key) === textOf(key))
    const place = (earlier ? earlier.data[1] >> 1 : last + 1) * 2 + (ownChain ? 1 : 0)
    const element = { key, data: [target.containerPort, place] as const, comment }
    return { element, target, comment, hasConditions: ownChain !== undefined }
  })
}

function textOf([address, protocol, port, host]: NewElement<Key, Data>['key']): string {
  return `${address} ${portText([protocol, port])} ${host}`
}

/** What a port that waited is when its turn has come, by map. */
export function elementsOfServed({ element, target, comment, hasConditions }: Waiting, version: 4 | 6) {
  const [address] = element.key
  const data = [address, target.containerPort] as const
  const owner = markOf(comment)
  return {
    ports: target.host ? [] : [{ key: target.port, data, comment }],
    addresses: target.host ? [{ key: [target.host, ...target.port] as const, data, comment }] : [],
    conditions:
      hasConditions && owner
        ? [{ key: target.port, data: verdict.jump(conditionsChainOf(owner, version)), comment }]
        : [],
  }
}
