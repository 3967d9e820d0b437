import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CIDR } from '@patchbay/address'
import { callPlugin, inProcessExecutor, type Plugin } from '@patchbay/cni/plugin'
import { configuredMtu } from '../../src/link/link-mtu.ts'
import { openNetns } from '../../src/link/net-context.ts'
import { AddressAllocation } from '../../src/main/ipam.ts'
import { UndoStack } from '../../src/request/undo-stack.ts'

test('AddressAllocation has addresses released when the request has been cut short', async () => {
  const done: string[] = []
  const host = new AbortController()
  const books: Plugin = {
    name: 'books',
    add: async () => ({ cniVersion: '', ips: [{ address: CIDR.parse('10.1.2.3/24') }] }),
    del: async () => void done.push('released'),
  }
  const main: Plugin = {
    name: 'main',
    async add(request) {
      await using undo = new UndoStack((line) => done.push(line))
      using container = openNetns(request, '/proc/self/ns/net')
      await new AddressAllocation(request, { type: 'books', container, undo }).allocate(configuredMtu(0))
      host.abort(new Error('gone'))
      throw host.signal.reason
    },
  }
  const args = { command: 'ADD', containerId: 'c1', netns: '/run/netns/c1', ifName: 'eth0', path: '/' }
  const config = { cniVersion: '1.1.0', name: 'net1' }
  const call = callPlugin(main, { args, config, executor: inProcessExecutor({ books }), signal: host.signal })
  await assert.rejects(call, { code: 999, msg: 'gone' })
  assert.deepEqual(done, ['released'])
})
