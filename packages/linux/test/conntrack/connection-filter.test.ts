import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseIP } from '@patchbay/address'
import { type ConnectionFilter, filterMessages, matchesFilter } from '../../src/conntrack/connection-filter.ts'
import type { Connection } from '../../src/conntrack/index.ts'
import { connectionMessage, decodeConnection } from '../../src/conntrack/raw.ts'
import { messageOf, plain, readCapture } from '../route/capture.ts'

function captured(name: string): Connection {
  const connection = decodeConnection(connectionMessage.read(messageOf(readCapture(name)).body))
  assert.ok(connection)
  return connection
}

/** What each field of a filter is in the capture `udp-nat`, and something else. */
const fields: [keyof ConnectionFilter, right: unknown, wrong: unknown][] = [
  ['family', 4, 6],
  ['protocol', 'udp', 'tcp'],
  ['protocol', 17, 6],
  ['zone', 0, 5],
  ['mark', 7, 0],
  ['originalSource', parseIP('10.0.0.1'), parseIP('10.0.0.2')],
  ['originalDestination', parseIP('10.0.0.9'), parseIP('fd00::1')],
  ['originalSourcePort', 60131, 53],
  ['originalDestinationPort', 53, 5300],
  ['replySource', parseIP('127.0.0.1'), parseIP('10.0.0.9')],
  ['replyDestination', parseIP('10.0.0.1'), parseIP('127.0.0.1')],
  ['replySourcePort', 5300, 53],
  ['replyDestinationPort', 60131, 5300],
]

test('matchesFilter() compares each field', () => {
  const connection = captured('conntrack/udp-nat')
  assert.equal(matchesFilter(connection, {}), true)
  for (const [name, right, wrong] of fields) {
    assert.equal(matchesFilter(connection, { [name]: right }), true, name)
    assert.equal(matchesFilter(connection, { [name]: wrong }), false, name)
  }
})

test('matchesFilter() takes no port of a protocol without ports', () => {
  assert.equal(matchesFilter(captured('conntrack/icmp'), { originalDestinationPort: 0 }), false)
})

test('matchesFilter() tells the zones apart', () => {
  const connection = captured('conntrack/udp6-zone')
  assert.deepEqual(
    [0, 5].map((zone) => matchesFilter(connection, { zone })),
    [false, true],
  )
})

test('filterMessages() asks for each IP version once where tuples are compared', () => {
  const families = (filter: ConnectionFilter) => filterMessages(filter).map(({ header }) => header.family)
  assert.deepEqual(families({}), [0])
  assert.deepEqual(families({ mark: 1, originalDestinationPort: 53 }), [0])
  assert.deepEqual(families({ family: 6 }), [10])
  assert.deepEqual(families({ protocol: 'udp' }), [2, 10])
  assert.deepEqual(families({ replySource: parseIP('fd00::1') }), [10])
  assert.deepEqual(families({ replySource: parseIP('fd00::1'), originalSource: parseIP('10.0.0.1') }), [])
  assert.deepEqual(families({ family: 4, originalSource: parseIP('fd00::1') }), [])
})

test('filterMessages() names the fields for the kernel, ports only with the protocol', () => {
  const wanted = (filter: ConnectionFilter) => plain(filterMessages({ family: 4, ...filter })[0]?.attributes.filter)
  assert.deepEqual(wanted({ protocol: 'udp', originalDestinationPort: 53 }), { origFlags: 0x28, replyFlags: 0x08 })
  assert.deepEqual(wanted({ replySource: parseIP('10.0.0.1') }), { origFlags: 0, replyFlags: 1 })
  assert.deepEqual(wanted({ originalDestination: parseIP('10.0.0.1') }), { origFlags: 2, replyFlags: 0 })
  assert.equal(wanted({ originalDestinationPort: 53 }), undefined)
})
