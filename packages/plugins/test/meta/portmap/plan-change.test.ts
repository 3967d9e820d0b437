import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PortStore, type Wish } from './port-store.ts'

type Step = Wish | Pick<Wish, 'who'>

const web: Wish = { who: 'c1', at: '0.2', ports: ['80'] }
const web2: Wish = { who: 'c1 net2', at: '2.2', ports: ['80'] }
const web3: Wish = { who: 'c1 net3', at: '3.2', ports: ['80'] }
const one: Wish = { who: 'c1', at: '0.2', ports: ['192.0.2.1:80'] }
const two: Wish = { who: 'c2', at: '0.3', ports: ['192.0.2.2:80'] }

interface Case {
  readonly name: string
  readonly before?: readonly Step[]
  readonly change: Step
  readonly lines: readonly string[]
  /** Ports that the change takes away. */
  readonly gone?: readonly string[]
  /** Whether there is something to do; by default there is. */
  readonly isNeeded?: boolean
  /** How many chains of conditions it deletes. */
  readonly chains?: number
}

const cases: readonly Case[] = [
  {
    name: 'has nothing to do where the owner has nothing',
    before: [web],
    change: { who: 'c2' },
    lines: ['containers 10.1.0.2 : all, c1 net1', 'ports tcp . 80 : 10.1.0.2 . 80, c1 net1', 'taken tcp . 80 : 0'],
    isNeeded: false,
  },
  {
    name: 'publishes at every address, at one, and by each protocol',
    change: { who: 'c1', at: '0.2', ports: ['80', '192.0.2.1:81', 'udp 80>53', '192.0.2.2:81'] },
    lines: [
      'addresses 192.0.2.1 . tcp . 81 : 10.1.0.2 . 80, c1 net1',
      'addresses 192.0.2.2 . tcp . 81 : 10.1.0.2 . 80, c1 net1',
      'containers 10.1.0.2 : all, c1 net1',
      'ports tcp . 80 : 10.1.0.2 . 80, c1 net1',
      'ports udp . 80 : 10.1.0.2 . 53, c1 net1',
      'taken tcp . 80 : 0',
      'taken tcp . 81 : 2',
      'taken udp . 80 : 0',
    ],
  },
  {
    name: 'takes away all of the owner, and counts what others have at other addresses',
    before: [{ ...one, ports: [...one.ports, 'udp 53'] }, two],
    change: { who: 'c1' },
    lines: [
      'addresses 192.0.2.2 . tcp . 80 : 10.1.0.3 . 80, c2 net1',
      'containers 10.1.0.3 : all, c2 net1',
      'taken tcp . 80 : 1',
    ],
    gone: ['udp 53 undefined', 'tcp 80 192.0.2.1'],
  },
  {
    name: 'counts a port at one more address',
    before: [one],
    change: two,
    lines: [
      'addresses 192.0.2.1 . tcp . 80 : 10.1.0.2 . 80, c1 net1',
      'addresses 192.0.2.2 . tcp . 80 : 10.1.0.3 . 80, c2 net1',
      'containers 10.1.0.2 : all, c1 net1',
      'containers 10.1.0.3 : all, c2 net1',
      'taken tcp . 80 : 2',
    ],
  },
  {
    name: 'puts mappings in the place of what the owner had, at another address',
    before: [web],
    change: { who: 'c1', at: '0.9', ports: ['81'] },
    lines: ['containers 10.1.0.9 : all, c1 net1', 'ports tcp . 81 : 10.1.0.9 . 80, c1 net1', 'taken tcp . 81 : 0'],
    gone: ['tcp 80 undefined'],
  },
  {
    name: 'takes away all of whoever had the address before',
    before: [{ ...web, ports: ['80', '81'] }],
    change: { who: 'c2', at: '0.2', ports: ['80'] },
    lines: ['containers 10.1.0.2 : all, c2 net1', 'ports tcp . 80 : 10.1.0.2 . 80, c2 net1', 'taken tcp . 80 : 0'],
    gone: ['tcp 80 undefined', 'tcp 81 undefined'],
  },
  {
    name: 'has a container wait for a port that it has in another network, and gives it the others',
    before: [web],
    change: { ...web2, ports: ['80', '81'] },
    lines: [
      'containers 10.1.0.2 : ?, c1 net1',
      'containers 10.1.2.2 : some, c1 net2',
      'ports tcp . 80 : 10.1.0.2 . 80, c1 net1',
      'ports tcp . 81 : 10.1.2.2 . 80, c1 net2',
      'taken tcp . 80 : 0',
      'taken tcp . 81 : 0',
      'waiting 10.1.2.2 . tcp . 80 . 0.0.0.0 : 80 . 2, c1 net2',
    ],
  },
  {
    name: 'gives a port to those who wait, in the order in which they came',
    before: [web, web2, web3],
    change: { who: 'c1' },
    lines: [
      'containers 10.1.2.2 : ?, c1 net2',
      'containers 10.1.3.2 : some, c1 net3',
      'ports tcp . 80 : 10.1.2.2 . 80, c1 net2',
      'taken tcp . 80 : 0',
      'waiting 10.1.3.2 . tcp . 80 . 0.0.0.0 : 80 . 4, c1 net3',
    ],
    gone: ['tcp 80 undefined'],
  },
  {
    name: 'knows all of a container again once it has what it waited for',
    before: [web, { ...web2, ports: ['80', '192.0.2.1:81'] }],
    change: { who: 'c1' },
    lines: [
      'addresses 192.0.2.1 . tcp . 81 : 10.1.2.2 . 80, c1 net2',
      'containers 10.1.2.2 : all, c1 net2',
      'ports tcp . 80 : 10.1.2.2 . 80, c1 net2',
      'taken tcp . 80 : 0',
      'taken tcp . 81 : 1',
    ],
    gone: ['tcp 80 undefined'],
  },
  {
    name: 'knows all of a container again once nobody waits for its ports',
    before: [web, web2],
    change: { who: 'c1 net2' },
    lines: ['containers 10.1.0.2 : all, c1 net1', 'ports tcp . 80 : 10.1.0.2 . 80, c1 net1', 'taken tcp . 80 : 0'],
  },
  {
    name: 'keeps the place in the order of one who is added again',
    before: [web, web2, web3],
    change: web2,
    lines: [
      'containers 10.1.0.2 : ?, c1 net1',
      'containers 10.1.2.2 : some, c1 net2',
      'containers 10.1.3.2 : some, c1 net3',
      'ports tcp . 80 : 10.1.0.2 . 80, c1 net1',
      'taken tcp . 80 : 0',
      'waiting 10.1.2.2 . tcp . 80 . 0.0.0.0 : 80 . 2, c1 net2',
      'waiting 10.1.3.2 . tcp . 80 . 0.0.0.0 : 80 . 4, c1 net3',
    ],
  },
  {
    name: 'gives the port of one who goes to mappings before those who wait',
    before: [web, web2],
    change: { who: 'c1', at: '0.9', ports: ['80'] },
    lines: [
      'containers 10.1.0.9 : ?, c1 net1',
      'containers 10.1.2.2 : some, c1 net2',
      'ports tcp . 80 : 10.1.0.9 . 80, c1 net1',
      'taken tcp . 80 : 0',
      'waiting 10.1.2.2 . tcp . 80 . 0.0.0.0 : 80 . 2, c1 net2',
    ],
    gone: ['tcp 80 undefined'],
  },
  {
    name: 'keeps one waiting for every address while another container has one',
    before: [one, web2, two],
    change: { who: 'c1' },
    lines: [
      'addresses 192.0.2.2 . tcp . 80 : 10.1.0.3 . 80, c2 net1',
      'containers 10.1.0.3 : ?, c2 net1',
      'containers 10.1.2.2 : some, c1 net2',
      'taken tcp . 80 : 1',
      'waiting 10.1.2.2 . tcp . 80 . 0.0.0.0 : 80 . 2, c1 net2',
    ],
    gone: ['tcp 80 192.0.2.1'],
  },
  {
    name: 'gives conditions with the port that was waited for, at each of its addresses',
    before: [web, { ...web2, ports: ['192.0.2.1:80', '192.0.2.2:80'], conditions: true }],
    change: { who: 'c1' },
    lines: [
      'addresses 192.0.2.1 . tcp . 80 : 10.1.2.2 . 80, c1 net2',
      'addresses 192.0.2.2 . tcp . 80 : 10.1.2.2 . 80, c1 net2',
      'conditions tcp . 80 : jump portmap-conditions, c1 net2',
      'containers 10.1.2.2 : all, c1 net2',
      'taken tcp . 80 : 2',
    ],
    gone: ['tcp 80 undefined'],
  },
  {
    name: 'keeps a port at another address waiting beside mappings with conditions',
    before: [web, { ...web2, ports: ['192.0.2.2:80'] }],
    change: { ...one, conditions: true },
    lines: [
      'addresses 192.0.2.1 . tcp . 80 : 10.1.0.2 . 80, c1 net1',
      'conditions tcp . 80 : jump portmap-conditions, c1 net1',
      'containers 10.1.0.2 : ?, c1 net1',
      'containers 10.1.2.2 : some, c1 net2',
      'taken tcp . 80 : 1',
      'waiting 10.1.2.2 . tcp . 80 . 192.0.2.2 : 80 . 2, c1 net2',
    ],
    gone: ['tcp 80 undefined'],
  },
  {
    name: 'keeps a port at another address waiting behind one with conditions',
    before: [web, { ...web2, ports: ['192.0.2.1:80'], conditions: true }, { ...web3, ports: ['192.0.2.2:80'] }],
    change: { who: 'c1' },
    lines: [
      'addresses 192.0.2.1 . tcp . 80 : 10.1.2.2 . 80, c1 net2',
      'conditions tcp . 80 : jump portmap-conditions, c1 net2',
      'containers 10.1.2.2 : ?, c1 net2',
      'containers 10.1.3.2 : some, c1 net3',
      'taken tcp . 80 : 1',
      'waiting 10.1.3.2 . tcp . 80 . 192.0.2.2 : 80 . 4, c1 net3',
    ],
    gone: ['tcp 80 undefined'],
  },
  {
    name: 'gives no place in the order to whoever has the address by now',
    before: [web, web2, web3],
    change: { ...web2, who: 'c1 net4' },
    lines: [
      'containers 10.1.0.2 : ?, c1 net1',
      'containers 10.1.2.2 : some, c1 net4',
      'containers 10.1.3.2 : some, c1 net3',
      'ports tcp . 80 : 10.1.0.2 . 80, c1 net1',
      'taken tcp . 80 : 0',
      'waiting 10.1.2.2 . tcp . 80 . 0.0.0.0 : 80 . 6, c1 net4',
      'waiting 10.1.3.2 . tcp . 80 . 0.0.0.0 : 80 . 4, c1 net3',
    ],
  },
  {
    name: 'deletes the chain of conditions with the last port that leads to it',
    before: [{ ...web, ports: ['80', '81'], conditions: true }],
    change: { who: 'c1' },
    lines: [],
    gone: ['tcp 80 undefined', 'tcp 81 undefined'],
    chains: 1,
  },
  {
    name: 'keeps the chain of conditions that mappings fill anew',
    before: [{ ...web, conditions: true }],
    change: { ...web, conditions: true },
    lines: [
      'conditions tcp . 80 : jump portmap-conditions, c1 net1',
      'containers 10.1.0.2 : all, c1 net1',
      'ports tcp . 80 : 10.1.0.2 . 80, c1 net1',
      'taken tcp . 80 : 0',
    ],
    gone: ['tcp 80 undefined'],
  },
]

for (const { name, before = [], change, lines, gone = [], isNeeded = true, chains = 0 } of cases)
  test(`planChange() ${name}`, () => {
    const store = new PortStore()
    for (const step of before) store.change(step)
    const done = store.change(change)
    assert.deepEqual(store.lines, lines)
    assert.deepEqual(
      done.gone.map(({ protocol, port, host }) => `${protocol} ${port} ${host}`),
      gone,
    )
    assert.deepEqual([done.isNeeded, store.deletedChains.length], [isNeeded, chains])
    const told = done.containers.map(({ key, comment }) => `${key} ${comment}`).sort()
    assert.deepEqual(told, store.state.containers.map(({ key, comment }) => `${key} ${comment}`).sort())
  })

test('planChange() knows containers by marks of versions until 0.1, in each of their networks', () => {
  const store = new PortStore()
  for (const step of [web, web2, web3]) store.change(step)
  const { lines } = store
  store.forgetContainerHashes()
  store.change(web2)
  assert.deepEqual(store.lines, lines)
  assert.throws(() => store.change({ who: 'c2', at: '0.7', ports: ['80'] }), /container "c1" in network "net1" has it$/)
  for (const who of ['c1', 'c1 net2']) store.change({ who })
  assert.deepEqual(store.lines, [
    'containers 10.1.3.2 : all, c1 net3',
    'ports tcp . 80 : 10.1.3.2 . 80, c1 net3',
    'taken tcp . 80 : 0',
  ])
})
