import { type Chain, dataPathChains } from './cases.ts'
import type { Lane, Turns } from './turns.ts'

export interface TransferNumbers {
  /** How many containers are attached while packets go through the last of them. */
  readonly attached: readonly number[]
  readonly rounds: number
  readonly seconds: number
}

/** More are not attached to one bridge, which has 1023 ports at most. */
const MOST_ON_BRIDGE = 1000

/** The lists whose data path is measured: those that were given, or else the whole list of the bench. */
export function dataPathLists(lists: readonly Chain[]): Chain[] {
  const given = lists.filter(({ isOwn }) => !isOwn)
  return given.length === 0 ? Object.values(dataPathChains) : given.map(withBothProtocols)
}

function withBothProtocols(chain: Chain): Chain {
  return { ...chain, name: `data path, ${chain.name}`, protocols: ['tcp', 'udp'] }
}

/**
 * The lanes whose data path is measured, of those that time calls: what the daemon sets up is what our plugins set up without
 * it, so that one of the two is enough.
 */
export function dataPathLanes<T extends Pick<Lane, 'options'>>(lanes: readonly T[]): T[] {
  const own = lanes.filter(({ options }) => options.own && options.served !== 'in one process')
  return [...own.slice(0, 1), ...lanes.filter(({ options }) => !options.own)]
}

/** Few containers first: those that are attached stay. */
export async function measureTransfers(
  turns: Turns,
  lists: readonly Chain[],
  { attached, rounds, seconds }: TransferNumbers,
): Promise<void> {
  for (const count of [...attached].sort((a, b) => a - b))
    for (const chain of lists) {
      if (chain === dataPathChains.few && count > MOST_ON_BRIDGE) continue
      if (chain === dataPathChains.many && count <= MOST_ON_BRIDGE) continue
      const lanes = turns.lanesFor(chain)
      const row = `${chain.name}, ${count} attached,`
      if (count > 1) await turns.each({ do: 'attach', chain: chain.name, count: count - 1 }, row, lanes)
      await turns.rounds(rounds, { do: 'data path', chain: chain.name, seconds }, row, lanes)
    }
}
