import type { LaneOptions, Order, Times } from './protocol.ts'
import { type Row, rowsOf, type Sample } from './statistics.ts'

/** What runs plugins one way, an order at a time. */
export interface Lane {
  readonly options: LaneOptions
  run(order: Order): Promise<Times>
}

/** How much of everything; 0 leaves it out. */
export interface Numbers {
  readonly rounds: number
  readonly warmUp: number
  readonly parallel: number
  readonly storm: number
  readonly attachments: number
  readonly attachmentsOwn: number
  readonly leases: readonly number[]
}

/** Calls of a daemon just started that are counted as its first. */
const FIRST_CALLS = 10
/** Containers that are detached one right after the other, with nothing between: lanes in turn leave the kernel time. */
const IN_A_ROW = 30
/** How often a first packet is waited for at most: that of others takes seconds. */
const FIRST_PACKETS = 5
/** Most rounds that warm up plugins of their own process each, which nothing makes quicker but the machine's caches. */
const WARM_UP_OF_PROCESSES = 10
/** The list for more containers than a bridge has ports. */
const FULL_LIST = 'ptp+masquerade+portmap+firewall'

/** Runs lists of plugins on all lanes in turn, and keeps what they took. */
export class Bench {
  readonly #lanes: readonly Lane[]
  readonly #samples: Sample[] = []
  readonly #warm = new Set<string>()

  constructor(lanes: readonly Lane[]) {
    this.#lanes = lanes
  }

  get rows(): Row[] {
    return rowsOf(this.#samples)
  }

  async run(names: readonly string[], numbers: Numbers): Promise<void> {
    const { rounds, parallel, storm } = numbers
    if (names.includes('bridge'))
      await this.#rounds(FIRST_CALLS, { do: 'once', chain: 'bridge' }, 'bridge, first calls,')
    await this.#rounds(rounds, { do: 'empty process' }, 'start of')
    await this.#rounds(rounds, { do: 'version' }, 'bridge')
    for (const chain of names) await this.#chain(chain, chain, numbers)
    for (const chain of rounds > 0 ? ['bridge', 'ptp', 'macvlan'].filter((name) => names.includes(name)) : [])
      await this.#rounds(3, { do: 'in a row', chain, count: IN_A_ROW }, `${chain}, ${IN_A_ROW} in a row, each`)
    await this.#firstPackets(names, rounds)
    const ends = ['bridge', 'bridge+masquerade+portmap+firewall'].filter((name) => names.includes(name))
    for (const width of parallel > 0 ? [16, 64] : [])
      for (const chain of ends)
        await this.#rounds(1, { do: 'parallel', chain, width, count: parallel }, `${chain}, ${width} at a time,`)
    if (storm > 0) await this.#rounds(1, { do: 'storm', count: storm }, `bridge, ${storm} at once,`)
    await this.#leases(numbers)
    await this.#attachments(numbers)
    await this.#rounds(1, { do: 'memory' }, 'daemon')
  }

  /** A new bridge comes first: the next row is about the same one. */
  async #firstPackets(names: readonly string[], rounds: number): Promise<void> {
    const all = ['bridge, new', 'bridge', 'ptp', 'macvlan'] as const
    const targets = all.filter((to) => names.includes(to.replace(', new', '')))
    for (const version of [4, 6] as const)
      for (const to of targets)
        await this.#rounds(Math.min(rounds, FIRST_PACKETS), { do: 'first packet', to, version }, `first packet, ${to},`)
  }

  async #leases(numbers: Numbers): Promise<void> {
    const counts = numbers.leases.filter((each) => each > 0)
    for (const count of counts) {
      for (const lane of this.#lanes) await lane.run({ do: 'leases', count })
      await this.#chain('bridge', `bridge, ${count} leases,`, numbers)
    }
    if (counts.length > 0) for (const lane of this.#lanes) await lane.run({ do: 'leases', count: 0 })
  }

  /** The same with none attached first, so that both are measured at about the same time. */
  async #attachments(numbers: Numbers): Promise<void> {
    const { attachments, attachmentsOwn } = numbers
    if (attachments + attachmentsOwn === 0) return
    const inProcesses = this.#lanes.filter(({ options }) => options.served !== 'in one process')
    await this.#chain(FULL_LIST, `${FULL_LIST}, none attached,`, numbers, inProcesses)
    if (attachments > 0) await this.#beside(attachments, numbers, inProcesses)
    const own = inProcesses.filter(({ options }) => options.own)
    if (attachmentsOwn > 0) await this.#beside(attachmentsOwn, numbers, own)
  }

  async #beside(count: number, numbers: Numbers, lanes: readonly Lane[]): Promise<void> {
    for (const lane of lanes)
      this.#note(lane, `${count} containers`, await lane.run({ do: 'attach', chain: FULL_LIST, count }))
    await this.#chain(FULL_LIST, `${FULL_LIST}, ${count} attached,`, numbers, lanes)
  }

  async #chain(chain: string, name: string, { rounds, warmUp }: Numbers, lanes = this.#lanes): Promise<void> {
    for (const lane of lanes) await this.#warmUp(lane, chain, warmUp)
    this.#warm.add(chain)
    await this.#rounds(rounds, { do: 'once', chain }, name, lanes)
  }

  /**
   * Without being counted: until the code is as quick as it becomes. Later once only: for what is made once on a host,
   * and what the machine has not read yet.
   */
  async #warmUp(lane: Lane, chain: string, warmUp: number): Promise<void> {
    const most = lane.options.served === 'by themselves' ? WARM_UP_OF_PROCESSES : warmUp
    const count = this.#warm.has(chain) ? 1 : Math.max(1, Math.min(warmUp, most))
    for (let round = 0; round < count; round++) await lane.run({ do: 'once', chain })
  }

  /** In turn within each round: whatever else the machine does meets all lanes alike. */
  async #rounds(rounds: number, order: Order, name: string, lanes = this.#lanes): Promise<void> {
    for (let round = 0; round < rounds; round++) for (const lane of lanes) this.#note(lane, name, await lane.run(order))
  }

  #note({ options }: Lane, name: string, times: Times): void {
    for (const [what, milliseconds] of Object.entries(times)) {
      if (milliseconds > 0) this.#samples.push({ row: `${name} ${what}`, lane: options.name, milliseconds })
    }
  }
}
