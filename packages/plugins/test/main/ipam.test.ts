import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CIDR } from '@patchbay/address'
import { callPlugin, inProcessExecutor, type Plugin } from '@patchbay/cni/plugin'
import type { NetlinkSocket } from '@patchbay/linux/netlink'
import type { Host } from '../../src/link/hosts.ts'
import { type Attaching, allocateAddresses, makeLinkAndAllocate } from '../../src/main/ipam.ts'
import { UndoStack } from '../../src/request/undo-stack.ts'
import { fakeRequest } from '../fake-request.ts'

interface Scene {
  ipamType?: string
  first?: 'link' | 'addresses'
  /** Whether the container has an interface of that name. */
  isTaken?: boolean
  linkError?: Error
  ipamError?: Error
}

/** A container that has an interface of any name, or none. */
function fakeContainer(isTaken: boolean): Host {
  const find = async () => (isTaken ? { index: 2, flags: 0 } : undefined)
  // Only what is called is there.
  return { route: { find } as unknown as NetlinkSocket } as unknown as Host
}

/** What happens, in its order; each step takes a moment. */
async function run({
  ipamType = 'host-local',
  first,
  isTaken = false,
  linkError,
  ipamError,
}: Scene): Promise<string[]> {
  const events: string[] = []
  const step = async (what: string, error?: Error) => {
    events.push(`${what} begins`)
    await new Promise((resolve) => setImmediate(resolve))
    if (error) throw error
    events.push(`${what} is done`)
  }
  const delegate = async (type: string, command: string) => {
    await step(`${type} ${command}`, command === 'ADD' ? ipamError : undefined)
    return { cniVersion: '1.1.0', ips: [{ address: CIDR.parse('10.1.2.3/24') }] }
  }
  try {
    await using undo = new UndoStack((line) => events.push(line))
    const makeLink = async () => {
      await step('link', linkError)
      undo.push('make link', () => void events.push('link is taken back'))
    }
    const container = fakeContainer(isTaken)
    const prepare = async () => void events.push('prepared')
    const attaching: Attaching<void, void> = { ipamType, container, undo, makeLink, prepare, ...(first && { first }) }
    const { isLinkUsed } = await makeLinkAndAllocate({ ...fakeRequest({}), delegate }, attaching)
    events.push(isLinkUsed ? 'link may be used' : 'link is as it was made')
    undo.keep()
  } catch (error) {
    events.push(String(error))
  }
  return events
}

test('makeLinkAndAllocate() does both at once for an IPAM plugin that keeps books', async () => {
  for (const type of ['host-local', 'host-local-ptp', 'static']) {
    const events = await run({ ipamType: type })
    assert.deepEqual(events.slice(0, 2), ['link begins', `${type} ADD begins`])
    assert.deepEqual(new Set(events.slice(2, 5)), new Set([`${type} ADD is done`, 'prepared', 'link is done']))
    assert.ok(events.indexOf('prepared') > events.indexOf(`${type} ADD is done`))
    assert.deepEqual(events.slice(5), ['link is as it was made'])
  }
})

test('makeLinkAndAllocate() does one after the other for any other IPAM plugin', async () => {
  const link = ['link begins', 'link is done']
  const addresses = ['dhcp ADD begins', 'dhcp ADD is done', 'prepared']
  assert.deepEqual(await run({ ipamType: 'dhcp' }), [...link, ...addresses, 'link may be used'])
  const other = await run({ ipamType: 'dhcp', first: 'addresses' })
  assert.deepEqual(other, [...addresses, ...link, 'link may be used'])
})

test('makeLinkAndAllocate() allocates nothing for an interface whose name is taken', async () => {
  for (const ipamType of ['host-local', 'dhcp'])
    for (const first of ['link', 'addresses'] as const) {
      const taken = await run({ ipamType, first, isTaken: true, linkError: new Error('taken') })
      assert.deepEqual(taken, ['link begins', 'Error: taken'])
    }
})

test('makeLinkAndAllocate() waits for both, and leaves neither when one fails', async () => {
  const noLink = await run({ linkError: new Error('no link') })
  assert.deepEqual(noLink.slice(-5), [
    'host-local ADD is done',
    'prepared',
    'host-local DEL begins',
    'host-local DEL is done',
    'Error: no link',
  ])
  const noAddress = await run({ ipamError: new Error('no address') })
  assert.ok(noAddress.includes('link is done'))
  assert.deepEqual(noAddress.slice(-2), ['link is taken back', 'Error: no address'])
})

test('allocateAddresses() has addresses released when the request has been cut short', async () => {
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
      await allocateAddresses(request, 'books', undo)
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
