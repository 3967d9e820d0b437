import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatStatus } from '../../src/daemon/status.ts'

test('formatStatus() has a line for each figure', () => {
  const text = formatStatus({
    version: '1.2.3',
    pid: 42,
    uptimeSeconds: 3600.4,
    rssBytes: 50 * 2 ** 20,
    connections: 5,
    running: 2,
    waiting: 1,
    finished: { ADD: 7, DEL: 3 },
    failed: 1,
    refused: 4,
    deletions: { pending: 6, finished: 3, batches: 2 },
  })
  assert.equal(
    text,
    [
      'daemon       1.2.3, process 42, up 3600 s',
      'memory       50 MiB',
      'connections  5',
      'calls        2 running, 1 waiting',
      'finished     7 ADD, 3 DEL; 1 failed, 4 refused',
      'links        3 deleted in 2 requests, 6 pending',
      '',
    ].join('\n'),
  )
})
