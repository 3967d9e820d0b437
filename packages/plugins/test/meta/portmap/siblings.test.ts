import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseIP } from '@patchbay/address'
import { type PortKey, portText, takenBy } from '../../../src/meta/portmap/nftables-elements.ts'
import { withoutSiblings } from '../../../src/meta/portmap/nftables-places.ts'
import { mappingsOfWish, PortStore, type Wish } from './port-store.ts'

const web: Wish = { who: 'c1', at: '0.2', ports: ['80', '81', '192.0.2.1:82'] }

for (const { name, others, wish = web, left } of [
  { name: 'leaves all where nobody has anything', others: [], left: ['80', '81', '82'] },
  {
    name: 'leaves out what the container has in another network',
    others: [{ who: 'c1 net2', at: '2.2', ports: ['81'] }],
    left: ['80', '82'],
  },
  {
    name: 'leaves out a port at every address beside one at one address, and the reverse',
    others: [{ who: 'c1 net2', at: '2.2', ports: ['192.0.2.9:80', '82'] }],
    left: ['81'],
  },
  {
    name: 'leaves a port at another address',
    others: [{ who: 'c1 net2', at: '2.2', ports: ['192.0.2.2:82'] }],
    left: ['80', '81', '82'],
  },
  {
    name: 'leaves out a port at another address where it has conditions',
    others: [{ who: 'c1 net2', at: '2.2', ports: ['192.0.2.2:82'], conditions: true }],
    left: ['80', '81'],
  },
  {
    name: 'leaves out a port at another address for conditions of its own',
    wish: { ...web, conditions: true },
    others: [{ who: 'c1 net2', at: '2.2', ports: ['192.0.2.2:82'] }],
    left: ['80', '81'],
  },
  {
    name: 'leaves ports of another protocol and of other containers',
    others: [
      { who: 'c1 net2', at: '2.2', ports: ['udp 80'] },
      { who: 'c2', at: '0.3', ports: ['81'] },
    ],
    left: ['80', '81', '82'],
  },
] satisfies { name: string; others: Wish[]; wish?: Wish; left: string[] }[])
  test(`withoutSiblings() ${name}`, () => {
    const store = new PortStore()
    for (const other of others) store.change(other)
    const { targets, elements } = withoutSiblings(mappingsOfWish(wish), store.state)
    assert.deepEqual(
      targets.map(({ port }) => String(port[1])),
      left,
    )
    const ports = elements
      .flatMap((each) => each.elements)
      .filter(({ set }) => set === 'portmap-ports4' || set === 'portmap-addresses4')
    assert.equal(ports.length, left.length)
  })

const at = (port: PortKey, host?: string) => ({ port, host: host === undefined ? undefined : parseIP(host) })
const http: PortKey = ['tcp', 80]
const dns: PortKey = ['udp', 80]

for (const { name, targets, counts } of [
  { name: 'has nothing for nothing', targets: [], counts: [] },
  { name: 'is 0 for every address', targets: [at(http)], counts: ['tcp . 80 = 0'] },
  { name: 'counts addresses', targets: [at(http, '192.0.2.1'), at(http, '192.0.2.2')], counts: ['tcp . 80 = 2'] },
  { name: 'is 0 whatever comes before', targets: [at(http, '192.0.2.1'), at(http)], counts: ['tcp . 80 = 0'] },
  { name: 'is 0 whatever comes behind', targets: [at(http), at(http, '192.0.2.1')], counts: ['tcp . 80 = 0'] },
  {
    name: 'tells protocols apart',
    targets: [at(http, '192.0.2.1'), at(dns), at(http, '192.0.2.2')],
    counts: ['tcp . 80 = 2', 'udp . 80 = 0'],
  },
])
  test(`takenBy() ${name}`, () => {
    assert.deepEqual(
      takenBy(targets).map(({ key, data }) => `${portText(key)} = ${data}`),
      counts,
    )
  })
