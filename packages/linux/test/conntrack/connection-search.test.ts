import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseIP } from '@patchbay/address'
import type { ConnectionFilter } from '../../src/conntrack/connection-filter.ts'
import { connectionsPassing, questionsFor } from '../../src/conntrack/connection-search.ts'
import { messageOf, plain, readCapture } from '../route/capture.ts'

const portsOf = (family: 4 | 6, count: number): ConnectionFilter[] =>
  Array.from({ length: count }, (_, index) => ({ family, protocol: 'udp', originalDestinationPort: 8000 + index }))

function asked(filters: readonly ConnectionFilter[], entries: number) {
  return questionsFor(filters, entries).map(({ header, attributes }) => [header.family, plain(attributes.filter)])
}

test('questionsFor() asks once an IP version by what all filters have in common', () => {
  const byProtocol = { origFlags: 0x08, replyFlags: 0x08 }
  assert.deepEqual(asked([...portsOf(4, 50), ...portsOf(6, 50)], 1), [
    [2, byProtocol],
    [10, byProtocol],
  ])
  assert.deepEqual(asked(portsOf(6, 2), 1000), [[10, byProtocol]])
  assert.deepEqual(asked([...portsOf(4, 1), ...portsOf(6, 1)], 1), [
    [2, { origFlags: 0x28, replyFlags: 0x08 }],
    [10, { origFlags: 0x28, replyFlags: 0x08 }],
  ])
  const address = { protocol: 'udp', replySource: parseIP('10.0.0.1') } as const
  assert.deepEqual(asked([address, { protocol: 'udp', replySource: parseIP('fd00::1') }], 1), [
    [2, { origFlags: 0x08, replyFlags: 0x09 }],
    [10, { origFlags: 0x08, replyFlags: 0x09 }],
  ])
})

test('questionsFor() asks nothing of an empty table, and for each of few filters in a large one', () => {
  assert.deepEqual(asked(portsOf(4, 3), 0), [])
  assert.equal(asked(portsOf(4, 3), 100_000).length, 3)
  assert.equal(asked(portsOf(4, 300), 100_000).length, 1)
})

test('connectionsPassing() gives a connection that passes one of the filters, by its port or without one', () => {
  const { body } = messageOf(readCapture('conntrack/udp-nat'))
  const passes = (...filters: ConnectionFilter[]) => connectionsPassing(filters).body.read(body) !== undefined
  assert.equal(passes({ originalDestinationPort: 53 }), true)
  assert.equal(passes({ originalDestinationPort: 54 }, { originalDestinationPort: 53, mark: 8 }, { mark: 7 }), true)
  assert.equal(passes({ originalDestinationPort: 54 }, { originalDestinationPort: 53, mark: 8 }), false)
  assert.equal(passes({ replySource: parseIP('127.0.0.1') }), true)
})
