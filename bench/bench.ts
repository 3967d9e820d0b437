import { type Chain, chainOf } from './cases.ts'
import type { Order } from './protocol.ts'
import type { Row } from './statistics.ts'
import { type Failure, type Lane, Turns } from './turns.ts'

/** How much of everything; 0 leaves it out. */
export interface Numbers {
  readonly rounds: number
  /** Of rows in which many containers come and go. */
  readonly groupRounds: number
  readonly warmUp: number
  readonly parallel: number
  /** Containers of a node that is drained. */
  readonly drain: number
  /** Attachments that GC finds, half of them stale. */
  readonly collect: number
  readonly storm: number
  readonly attachments: number
  readonly attachmentsOwn: number
  readonly leases: readonly number[]
}

/** Calls of a daemon just started that are counted as its first. */
const FIRST_CALLS = 10
/** Containers that come, and go, one right after the other, with nothing between: lanes in turn leave the kernel time. */
const IN_A_ROW = 30
/** How often a first packet is waited for at most: that of others takes seconds. */
const FIRST_PACKETS = 5
/** The lists that are timed in all ways, of those that the bench brings. */
const ends = ['bridge', 'bridge+masquerade+portmap+firewall']
/** The list for more containers than a bridge has ports. */
const FULL_LIST = 'ptp+masquerade+portmap+firewall'
/** Workers that drain a node. */
const drainers = [1, 4, 16]

/** What a bench does, from the first row to the last. */
export class Bench {
  readonly #lanes: readonly Lane[]
  readonly #turns: Turns
  readonly #pause: () => Promise<void>

  /** @param pause called between rows, with all lanes at rest */
  constructor(lanes: readonly Lane[], pause: () => Promise<void> = () => Promise.resolve()) {
    this.#lanes = lanes
    this.#turns = new Turns(lanes)
    this.#pause = pause
  }

  get rows(): Row[] {
    return this.#turns.rows
  }

  get failures(): readonly Failure[] {
    return this.#turns.failures
  }

  async run(lists: readonly Chain[], numbers: Numbers): Promise<void> {
    const { rounds, storm } = numbers
    const own = lists.filter(({ isOwn }) => isOwn)
    const names = own.map(({ name }) => name)
    await this.#turns.rounds(Math.min(1, rounds), { do: 'memory' }, 'daemon, idle,')
    if (names.includes('bridge')) await this.#onBridge(FIRST_CALLS, { do: 'once', chain: 'bridge' }, 'first calls,')
    await this.#turns.rounds(rounds, { do: 'empty process' }, 'start of')
    await this.#versions(lists, rounds)
    for (const chain of lists) await this.#chain(chain, chain.name, numbers)
    for (const chain of this.#inAllWays(lists)) await this.#otherCommands(chain, rounds)
    for (const chain of lists.filter(({ name, isOwn }) => !isOwn || ['bridge', 'ptp', 'macvlan'].includes(name)))
      await this.#inARow(chain, numbers)
    await this.#firstPackets(names, rounds)
    for (const chain of this.#inAllWays(lists)) await this.#inGroups(chain, numbers)
    if (storm > 0) await this.#onBridge(1, { do: 'storm', count: storm }, `${storm} at once,`)
    if (names.includes('bridge')) await this.#leases(numbers)
    await this.#attachments(numbers)
    await this.#turns.rounds(1, { do: 'memory' }, 'daemon, after all of this,')
    await this.#turns.rounds(Math.min(6, rounds), { do: 'empty process' }, 'at the end, start of')
  }

  #inAllWays(lists: readonly Chain[]): Chain[] {
    return lists.filter(({ name, isOwn }) => !isOwn || ends.includes(name))
  }

  async #onBridge(rounds: number, order: Order, name: string): Promise<void> {
    await this.#turns.rounds(rounds, order, `bridge, ${name}`, this.#turns.lanesFor(chainOf('bridge')))
  }

  /** Of the first plugin of a list, each plugin once. */
  async #versions(lists: readonly Chain[], rounds: number): Promise<void> {
    const firsts = new Map(lists.map((chain) => [String(chain.plugins[0]?.['type']), chain]))
    // Without lists of ours: "bridge" is the plugin that everybody has.
    const types = lists.some(({ isOwn }) => !isOwn) ? [...firsts.keys()] : ['bridge']
    for (const type of types) {
      const lanes = this.#lanes.filter(({ options }) => options.plugins.includes(type))
      await this.#turns.rounds(rounds, { do: 'version', plugin: type }, type, lanes)
    }
  }

  async #otherCommands(chain: Chain, rounds: number): Promise<void> {
    const lanes = this.#turns.lanesFor(chain)
    const { name } = chain
    await this.#turns.rounds(rounds, { do: 'check', chain: name }, name, lanes)
    await this.#turns.rounds(rounds, { do: 'status', chain: name }, name, lanes)
    for (const container of ['same', 'another'] as const) {
      const row = `${name}, right after DEL of ${container === 'same' ? 'the same' : 'another'},`
      await this.#turns.rounds(rounds, { do: 'replace', chain: name, container }, row, lanes)
    }
    await this.#turns.rounds(Math.min(6, rounds), { do: 'call memory', chain: name }, `${name}, process of`, lanes)
    await this.#pause()
  }

  async #inARow(chain: Chain, { rounds, groupRounds }: Numbers): Promise<void> {
    const order = { do: 'in a row', chain: chain.name, count: IN_A_ROW } as const
    const name = `${chain.name}, ${IN_A_ROW} in a row, each`
    await this.#turns.rounds(Math.min(rounds, groupRounds), order, name, this.#turns.lanesFor(chain))
  }

  async #inGroups(chain: Chain, { groupRounds, parallel, drain, collect }: Numbers): Promise<void> {
    const lanes = this.#turns.lanesFor(chain)
    const { name } = chain
    const timed = (order: Order, row: string) => this.#turns.rounds(groupRounds, order, `${name}, ${row}`, lanes)
    for (const width of parallel > 0 ? [16, 64] : [])
      await timed({ do: 'parallel', chain: name, width, count: parallel }, `${width} at a time,`)
    for (const width of drain > 0 ? drainers : [])
      await timed({ do: 'drain', chain: name, width, count: drain }, `node of ${drain} drained by ${width},`)
    const stale = Math.floor(collect / 2)
    if (collect > 0) await timed({ do: 'collect', chain: name, count: collect, stale }, `${stale} of ${collect} stale,`)
    await this.#pause()
  }

  /** A new bridge comes first: the next row is about the same one. */
  async #firstPackets(names: readonly string[], rounds: number): Promise<void> {
    const all = ['bridge, new', 'bridge', 'ptp', 'macvlan'] as const
    for (const version of [4, 6] as const)
      for (const to of all) {
        const chain = to.replace(', new', '')
        if (!names.includes(chain)) continue
        const order = { do: 'first packet', to, version } as const
        const lanes = this.#turns.lanesFor(chainOf(chain))
        await this.#turns.rounds(Math.min(rounds, FIRST_PACKETS), order, `first packet, ${to},`, lanes)
      }
    await this.#pause()
  }

  async #leases(numbers: Numbers): Promise<void> {
    const counts = numbers.leases.filter((each) => each > 0)
    for (const count of counts) {
      await this.#turns.each({ do: 'leases', count }, `bridge, ${count} leases,`)
      await this.#chain(chainOf('bridge'), `bridge, ${count} leases,`, numbers)
    }
    if (counts.length > 0) await this.#turns.each({ do: 'leases', count: 0 }, 'bridge, 0 leases,')
  }

  /** The same with none attached first, so that both are measured at about the same time. */
  async #attachments(numbers: Numbers): Promise<void> {
    const { attachments, attachmentsOwn } = numbers
    if (attachments + attachmentsOwn === 0) return
    const chain = chainOf(FULL_LIST)
    const inProcesses = this.#turns.lanesFor(chain).filter(({ options }) => options.served !== 'in one process')
    await this.#chain(chain, `${FULL_LIST}, none attached,`, numbers, inProcesses)
    if (attachments > 0) await this.#beside(attachments, numbers, inProcesses)
    const own = inProcesses.filter(({ options }) => options.own)
    if (attachmentsOwn > 0) await this.#beside(attachmentsOwn, numbers, own)
  }

  async #beside(count: number, numbers: Numbers, lanes: readonly Lane[]): Promise<void> {
    await this.#turns.rounds(1, { do: 'attach', chain: FULL_LIST, count }, `${count} containers`, lanes)
    await this.#chain(chainOf(FULL_LIST), `${FULL_LIST}, ${count} attached,`, numbers, lanes)
  }

  async #chain(
    chain: Chain,
    row: string,
    { rounds, warmUp }: Numbers,
    lanes: readonly Lane[] = this.#turns.lanesFor(chain),
  ): Promise<void> {
    await this.#turns.warmUp(chain.name, row, warmUp, lanes)
    await this.#turns.rounds(rounds, { do: 'once', chain: chain.name }, row, lanes)
    await this.#pause()
  }
}
