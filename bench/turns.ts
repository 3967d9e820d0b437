import { type Chain, typesOf } from './cases.ts'
import type { LaneOptions, Order, Times } from './protocol.ts'
import { type Row, rowsOf, type Sample } from './statistics.ts'

/** What runs plugins one way, an order at a time. */
export interface Lane {
  readonly options: LaneOptions
  run(order: Order): Promise<Times>
}

/** What a lane could not do, and is therefore missing in a row. */
export interface Failure {
  readonly row: string
  readonly lane: string
  readonly message: string
}

/** Most rounds that warm up plugins of their own process each, which nothing makes quicker but the machine's caches. */
const WARM_UP_OF_PROCESSES = 10

/**
 * The order of lanes in a round, as numbers from 0. In as many rounds as there are lanes, twice as many for an odd number, each
 * lane comes directly after each other one equally often: a Williams design. So no lane always finds the caches, and the work
 * that the kernel left for later, of the same other.
 */
export function orderInRound(round: number, lanes: number): number[] {
  const zigzag = Array.from({ length: lanes }, (_, at) => (at % 2 === 1 ? (at + 1) / 2 : (lanes - at / 2) % lanes))
  const order = zigzag.map((number) => (number + round) % lanes)
  return lanes % 2 === 1 && round % (2 * lanes) >= lanes ? order.reverse() : order
}

/** Gives lanes their orders in turn, one lane at a time, and keeps what they took. */
export class Turns {
  readonly #lanes: readonly Lane[]
  readonly #samples: Sample[] = []
  readonly #failures = new Map<string, Failure>()
  readonly #warm = new Set<string>()

  constructor(lanes: readonly Lane[]) {
    this.#lanes = lanes
  }

  get rows(): Row[] {
    return rowsOf(this.#samples)
  }

  get failures(): readonly Failure[] {
    return [...this.#failures.values()]
  }

  /** The lanes that have all plugins of the list. */
  lanesFor(chain: Chain): Lane[] {
    return this.#lanes.filter(({ options }) => typesOf(chain).every((type) => options.plugins.includes(type)))
  }

  /**
   * What every lane took in every round is kept in the rows of that name. A lane that fails is left out of these rows from then
   * on.
   */
  async rounds(count: number, order: Order, name: string, lanes = this.#lanes): Promise<void> {
    for (let round = 0; round < count; round++)
      for (const at of orderInRound(round, lanes.length)) {
        const lane = lanes[at]
        if (lane) await this.#timed(lane, order, { name, round })
      }
  }

  /** An order whose time is not kept. */
  async each(order: Order, name: string, lanes = this.#lanes): Promise<void> {
    for (const lane of lanes) await this.#attempt(lane, order, name)
  }

  /**
   * Without being counted: until the code is as quick as it becomes. Later once only: for what is made once on a host,
   * and what the machine has not read yet.
   */
  async warmUp(chain: string, name: string, warmUp: number, lanes: readonly Lane[]): Promise<void> {
    for (const lane of lanes) {
      const most = lane.options.served === 'by themselves' ? WARM_UP_OF_PROCESSES : warmUp
      const count = this.#warm.has(chain) ? 1 : Math.max(1, Math.min(warmUp, most))
      for (let round = 0; round < count; round++) await this.#attempt(lane, { do: 'once', chain }, name)
    }
    this.#warm.add(chain)
  }

  async #timed(lane: Lane, order: Order, { name, round }: { name: string; round: number }): Promise<void> {
    const times = await this.#attempt(lane, order, name)
    for (const [what, value] of Object.entries(times))
      if (value > 0) this.#samples.push({ row: `${name} ${what}`, lane: lane.options.name, round, value })
  }

  async #attempt(lane: Lane, order: Order, row: string): Promise<Times> {
    const key = `${lane.options.name}: ${row}`
    if (this.#failures.has(key)) return {}
    try {
      return await lane.run(order)
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error)
      this.#failures.set(key, { row, lane: lane.options.name, message })
      return {}
    }
  }
}
