import assert from 'node:assert/strict'
import { test } from 'node:test'
import { deleteLinksBy } from '@patchbay/linux/sys'
import { deleteLinkAndRelease } from '../../src/main/ipam.ts'
import { fakeRequest } from '../fake-request.ts'

interface Scene {
  /** Empty for none. */
  ipamType?: string
  /** Whether the kernel gets as far as to be asked. */
  isAsked?: boolean
  failures?: { link?: Error; meanwhile?: Error; release?: Error }
}

/** What happens, in its order; the kernel takes a moment. */
async function run({ ipamType = 'host-local', isAsked = true, failures = {} }: Scene): Promise<string[]> {
  const events: string[] = []
  const note = async (what: string, error?: Error) => {
    events.push(what)
    if (error) throw error
  }
  deleteLinksBy(async (_netns, name, steps) => {
    if (isAsked) steps?.onAsked?.()
    await new Promise((resolve) => setImmediate(resolve))
    await note(`${name} is gone`, failures.link)
  })
  const delegate = async (type: string, command: string) => {
    await note(`${type} ${command}`, failures.release)
    return undefined
  }
  const request = { ...fakeRequest({}), netns: '/proc/self/ns/net', delegate }
  try {
    await deleteLinkAndRelease(request, {
      ipamType: ipamType || undefined,
      meanwhile: () => note('meanwhile', failures.meanwhile),
    })
  } catch (error) {
    events.push(error instanceof AggregateError ? error.errors.join(', ') : String(error))
  }
  return events
}

test('addresses in books are released when the link is gone, and the rest is done before', async () => {
  assert.deepEqual(await run({}), ['meanwhile', 'eth0 is gone', 'host-local DEL'])
  assert.deepEqual(await run({ ipamType: 'static' }), ['meanwhile', 'eth0 is gone', 'static DEL'])
})

test('another IPAM plugin is asked while there is a link', async () => {
  assert.deepEqual(await run({ ipamType: 'dhcp' }), ['dhcp DEL', 'meanwhile', 'eth0 is gone'])
  assert.deepEqual(await run({ ipamType: '' }), ['meanwhile', 'eth0 is gone'])
})

test('the rest is done, once, when the kernel was never asked', async () => {
  assert.deepEqual(await run({ isAsked: false }), ['eth0 is gone', 'meanwhile', 'host-local DEL'])
})

test('every step runs whatever became of the others, and all failures are told', async () => {
  const [link, meanwhile, release] = [new Error('link'), new Error('rules'), new Error('lease')]
  const all = ['meanwhile', 'eth0 is gone', 'host-local DEL']
  assert.deepEqual(await run({ failures: { meanwhile } }), [...all, 'Error: rules'])
  assert.deepEqual(await run({ failures: { link, meanwhile, release } }), [
    ...all,
    'Error: link, Error: rules, Error: lease',
  ])
})
