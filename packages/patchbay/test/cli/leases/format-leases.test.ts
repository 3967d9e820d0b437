import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatAge, formatLeases } from '../../../src/cli/leases/format-leases.ts'

test('formatLeases() lines columns up, and shows what is not known', () => {
  const now = new Date('2026-01-02T00:00:00Z')
  const rows = [
    { network: 'pods', address: '10.1.0.2', containerId: 'c1', ifName: 'eth0', namespace: 'present' },
    { network: 'pods', address: 'fd00::10', containerId: null, ifName: null, namespace: 'unknown' },
  ] as const
  assert.equal(
    formatLeases(
      rows.map((row) => ({ ...row, since: '2026-01-01T23:59:20Z' })),
      now,
    ),
    [
      'NETWORK  ADDRESS   CONTAINER  INTERFACE  AGE  NAMESPACE\n',
      'pods     10.1.0.2  c1         eth0       40s  present\n',
      'pods     fd00::10  -          -          40s  unknown\n',
    ].join(''),
  )
})

test('formatAge() gives the largest whole unit', () => {
  const hour = 3_600_000
  assert.deepEqual([59_999, 60_000, hour - 1, hour, 24 * hour - 1, 72 * hour, -5].map(formatAge), [
    '59s',
    '1m',
    '59m',
    '1h',
    '23h',
    '3d',
    '0s',
  ])
})
