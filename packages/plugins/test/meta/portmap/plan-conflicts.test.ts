import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PortTakenError } from '../../../src/meta/portmap/port-taken.ts'
import { PortStore, type Wish } from './port-store.ts'

const web: Wish = { who: 'c1', at: '0.2', ports: ['80'] }
const one: Wish = { who: 'c1', at: '0.2', ports: ['192.0.2.1:80'] }
const taken = (who: string, ports: string[], keys: Partial<Wish> = {}): Wish => ({ who, at: '0.7', ports, ...keys })

for (const { before, change, what } of [
  { before: web, change: taken('c2', ['81', '80']), what: 'tcp port 80' },
  { before: web, change: taken('c2', ['192.0.2.1:80']), what: 'tcp port 80' },
  { before: one, change: taken('c2', ['80']), what: 'tcp port 80' },
  { before: one, change: taken('c2', ['192.0.2.1:80']), what: 'tcp port 80' },
  { before: one, change: taken('c2', ['192.0.2.2:80'], { conditions: true }), what: 'tcp port 80' },
  { before: { ...one, conditions: true }, change: taken('c2', ['192.0.2.2:80']), what: 'tcp port 80' },
  { before: { ...web, ports: ['udp 53'] }, change: taken('c2', ['udp 53']), what: 'udp port 53' },
])
  test(`planChange() refuses ${change.ports}${change.conditions ? ' with conditions' : ''} beside ${before.ports} of another container`, () => {
    const store = new PortStore()
    store.change(before)
    assert.throws(
      () => store.change(change),
      (error) => {
        assert.ok(error instanceof PortTakenError)
        assert.equal(error.message, `Cannot publish ${what}: container "c1" in network "net1" has it`)
        const { network, containerId, addresses, isOf } = error.holder
        assert.deepEqual([network, containerId, addresses.map(String)], ['net1', 'c1', ['10.1.0.2']])
        assert.deepEqual(
          [{ containerId: 'c1' }, { containerId: 'c1', ifName: 'eth0' }, { containerId: 'c1', ifName: 'eth1' }].map(
            isOf,
          ),
          [true, true, false],
        )
        return true
      },
    )
  })
