import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Bench, type Numbers } from '../bench.ts'
import { type Chain, chainOf } from '../cases.ts'
import type { LaneOptions, Order, Times } from '../protocol.ts'
import { type Lane, orderInRound } from '../turns.ts'

const nothing: Numbers = {
  rounds: 3,
  groupRounds: 2,
  warmUp: 40,
  parallel: 0,
  drain: 0,
  collect: 0,
  storm: 0,
  attachments: 0,
  attachmentsOwn: 0,
  leases: [],
}

const lanes = {
  daemon: { own: true, served: 'by a daemon' },
  'one-shot': { own: true, served: 'by themselves' },
  'in one process': { own: true, served: 'in one process' },
  reference: { own: false, served: 'by themselves' },
} as const

/** Does nothing, and keeps what it was asked to do. */
class NotingLane implements Lane {
  readonly options: LaneOptions
  readonly orders: Order[] = []

  constructor(options: LaneOptions) {
    this.options = options
  }

  run(order: Order): Promise<Times> {
    this.orders.push(order)
    const times: Record<Order['do'], Times> = {
      once: { ADD: 1, DEL: 2 },
      parallel: {},
      'in a row': { ADD: 4, DEL: 3 },
      check: { CHECK: 1 },
      status: { STATUS: 1 },
      replace: { ADD: 9 },
      'call memory': { 'ADD, RSS, MiB': 2 },
      drain: { each: 5 },
      collect: { GC: 6 },
      'data path': {},
      'first packet': { IPv6: 6 },
      attach: { attached: 5 },
      leases: { written: 1 },
      storm: { ADD: 7, 'ADD, MiB': 8 },
      'empty process': {},
      version: {},
      memory: { 'Pss, MiB': 50 },
    }
    return Promise.resolve(times[order.do])
  }

  get texts(): string[] {
    return this.orders.map((order) => Object.values(order).join(' '))
  }
}

const plugins = ['bridge', 'ptp', 'macvlan', 'host-local', 'portmap', 'firewall']

async function run(names: readonly string[], numbers: Partial<Numbers>, lists: readonly Chain[] = []) {
  const [daemon, oneShot, inProcess, reference] = Object.entries(lanes).map(
    ([name, options]) => new NotingLane({ name, directory: '/', plugins, lists, ...options }),
  )
  assert.ok(daemon && oneShot && inProcess && reference)
  const bench = new Bench([daemon, oneShot, inProcess, reference])
  await bench.run([...lists, ...names.map((name) => chainOf(name))], { ...nothing, ...numbers })
  return { bench, daemon, oneShot, inProcess, reference, names: bench.rows.map(({ name }) => name) }
}

test('the first calls of a daemon are counted before anything is warm', async () => {
  const { bench, daemon } = await run(['ptp', 'bridge'], {})
  assert.deepEqual(daemon.texts.slice(0, 12), ['memory', ...Array(10).fill('once bridge'), 'empty process'])
  assert.deepEqual(
    bench.rows.slice(0, 2).map(({ name }) => name),
    ['daemon, idle, Pss, MiB', 'bridge, first calls, ADD'],
  )
  assert.equal(bench.rows[1]?.lanes['daemon']?.p50, 1)
})

test('each list is warmed up before it is timed: where each call is a new process, ten times at most', async () => {
  const { daemon, oneShot, inProcess, reference } = await run(['ptp'], {})
  const onces = [daemon, inProcess, oneShot, reference].map(({ texts }) => texts.filter((each) => each === 'once ptp'))
  assert.deepEqual(
    onces.map(({ length }) => length),
    [43, 43, 13, 13],
  )
})

test('what --warm-up says is the most for every lane, and once is the least', async () => {
  for (const [warmUp, rounds] of [
    [0, 1],
    [4, 4],
  ] as const) {
    const { daemon, oneShot } = await run(['ptp'], { warmUp })
    for (const { texts } of [daemon, oneShot])
      assert.equal(texts.filter((each) => each === 'once ptp').length, rounds + 3)
  }
})

test('a list that is warm is warmed up no more', async () => {
  const { daemon, names } = await run(['bridge'], { leases: [0, 100, 1000] })
  const last = daemon.texts.slice(daemon.texts.indexOf('leases 100'))
  const timed = Array(1 + 3).fill('once bridge')
  const end = ['leases 0', 'memory', ...Array(3).fill('empty process')]
  assert.deepEqual(last, ['leases 100', ...timed, 'leases 1000', ...timed, ...end])
  assert.ok(names.includes('bridge, 1000 leases, DEL'))
})

test('--attachments-own attaches through the own lanes alone, and times them with none, with few, with many', async () => {
  const { daemon, oneShot, inProcess, reference, names } = await run([], { attachments: 20, attachmentsOwn: 500 })
  const full = 'ptp+masquerade+portmap+firewall'
  const attached = [daemon, oneShot, inProcess, reference].map(({ texts }) =>
    texts.filter((text) => text.startsWith('attach')),
  )
  const own = [`attach ${full} 20`, `attach ${full} 500`]
  assert.deepEqual(attached, [own, own, [], [`attach ${full} 20`]])
  assert.deepEqual(
    names.filter((name) => name.endsWith(' ADD')),
    ['none', '20', '500'].map((count) => `${full}, ${count} attached, ADD`),
  )
  assert.ok(names.includes('500 containers attached'))
})

test('--storm is one row of time and one of memory', async () => {
  const { daemon, names } = await run([], { storm: 2000 })
  assert.ok(daemon.texts.includes('storm 2000'))
  const expected = ['bridge, 2000 at once, ADD', 'bridge, 2000 at once, ADD, MiB']
  assert.deepEqual(
    names.filter((name) => name.includes('at once')),
    expected,
  )
})

test('first packets are timed by IP version for each main plugin, on a new bridge before on one that is there', async () => {
  const { daemon, names } = await run(['macvlan', 'bridge', 'bridge+masquerade'], { rounds: 30 })
  const orders = daemon.texts.filter((text) => text.startsWith('first packet'))
  const expected = [4, 6].flatMap((version) =>
    ['bridge, new', 'bridge', 'macvlan'].flatMap((to) => Array(5).fill(`first packet ${to} ${version}`)),
  )
  assert.deepEqual(orders, expected)
  assert.ok(names.includes('first packet, bridge, new, IPv6'))
})

test('orderInRound() lets each lane come directly after each other one equally often', () => {
  for (const lanes of [1, 2, 3, 4, 5]) {
    const rounds = lanes % 2 === 1 ? 2 * lanes : lanes
    const follows = new Map<string, number>()
    for (let round = 0; round < rounds; round++) {
      const order = orderInRound(round, lanes)
      assert.deepEqual(order.toSorted(), [...Array(lanes).keys()])
      for (const [at, lane] of order.slice(1).entries())
        follows.set(`${order[at]} ${lane}`, (follows.get(`${order[at]} ${lane}`) ?? 0) + 1)
    }
    assert.equal(follows.size, lanes * (lanes - 1))
    assert.equal(new Set(follows.values()).size, lanes === 1 ? 0 : 1, `${lanes} lanes`)
  }
})
