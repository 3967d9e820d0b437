import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { Shared } from '@patchbay/cni/plugin'
import { NetlinkError, type NetlinkRequest, type NetlinkSocket } from '@patchbay/linux/netlink'
import { type LinkDeleter, NetContext, netContext } from '../../src/link/net-context.ts'
import { type Detachment, detach } from '../../src/main/detach.ts'
import { fakeRequest } from '../fake-request.ts'

interface Scene {
  /** Empty for none. */
  ipamType?: string
  /** What the container has, by which of the names that are looked for, from 0. */
  link?: number
  /** Whether the kernel gets as far as to be asked. */
  isAsked?: boolean
  netns?: string
  failures?: { link?: Error; rules?: Error; release?: Error }
  /** What else is detached. */
  more?: (note: (what: string) => Promise<void>) => Partial<Detachment>
}

/** What happens, in its order; the kernel takes a moment. */
async function run(scene: Scene): Promise<string[]> {
  const { ipamType = 'host-local', link = 0, isAsked = true, netns = '/proc/self/ns/net', failures = {} } = scene
  const events: string[] = []
  const note = async (what: string, error?: Error) => {
    events.push(what)
    if (error) throw error
  }
  const delegate = async (type: string, command: string) => {
    await note(`${type} ${command}`, failures.release)
    return undefined
  }
  using shared = new Shared()
  netContext.put(shared, new NetContext({ deleter: fakeDeleter(note, { link, isAsked, error: failures.link }) }))
  const request = { ...fakeRequest({}, { shared, netns }), delegate }
  try {
    await detach(request, {
      ipamType: ipamType || undefined,
      removeRules: () => note('rules', failures.rules),
      ...scene.more?.(note),
    })
  } catch (error) {
    events.push(error instanceof AggregateError ? error.errors.join(', ') : String(error))
  }
  return events
}

/** Finds and deletes a link, as far as that goes. */
function fakeDeleter(
  note: (what: string, error?: Error) => Promise<void>,
  { link, isAsked, error }: { link: number; isAsked: boolean; error: Error | undefined },
): LinkDeleter {
  const found = { index: 7, link: 8, family: 0, type: 1, flags: 0, change: 0 }
  let looks = 0
  const find = async (_request: NetlinkRequest) => (looks++ === link ? found : undefined)
  return {
    // Only what is called is there.
    openSocket: () => ({ find, [Symbol.dispose]: () => void note('socket is closed') }) as unknown as NetlinkSocket,
    delete({ index }) {
      const gone = new Promise((resolve) => setImmediate(resolve)).then(() => note(`${index} is gone`, error))
      return { asked: isAsked ? Promise.resolve() : gone.catch(() => {}), gone }
    },
  }
}

const closed = 'socket is closed'

test('addresses in books are released when the link is gone, and the rest is done before', async () => {
  assert.deepEqual(await run({}), ['rules', '7 is gone', closed, 'host-local DEL'])
  assert.deepEqual(await run({ ipamType: 'static' }), ['rules', '7 is gone', closed, 'static DEL'])
})

test('another IPAM plugin is asked while there is a link', async () => {
  assert.deepEqual(await run({ ipamType: 'dhcp' }), ['dhcp DEL', 'rules', '7 is gone', closed])
  assert.deepEqual(await run({ ipamType: '' }), ['rules', '7 is gone', closed])
})

test('what leads to the link is removed before it is deleted', async () => {
  const more = (note: (what: string) => Promise<void>) => ({
    removeRoutes: ({ link }: { link?: number | undefined }) => note(`routes to ${link}`),
  })
  assert.deepEqual(await run({ ipamType: '', more }), ['routes to 8', 'rules', '7 is gone', closed])
  assert.deepEqual(await run({ ipamType: '', more, link: -1 }), [closed, 'rules'])
})

test('the rest is done, once, when the kernel was never asked', async () => {
  assert.deepEqual(await run({ isAsked: false }), ['7 is gone', 'rules', closed, 'host-local DEL'])
})

test('a link, or a namespace, that is gone is fine', async () => {
  assert.deepEqual(await run({ link: -1 }), [closed, 'rules', 'host-local DEL'])
  for (const netns of ['', '/nowhere']) assert.deepEqual(await run({ netns }), ['rules', 'host-local DEL'])
  const gone = new NetlinkError('RTM_DELLINK', 19)
  assert.deepEqual(await run({ failures: { link: gone } }), ['rules', '7 is gone', closed, 'host-local DEL'])
})

test('a file that is no namespace is an error, and the rest is done', async () => {
  const [rules, release, error = ''] = await run({ netns: '/dev/null' })
  assert.deepEqual([rules, release], ['rules', 'host-local DEL'])
  assert.match(error, /^NetnsError: unknown FS magic on "\/dev\/null"/)
})

test('the empty file that a namespace was mounted on is no namespace any more, which is fine', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'patchbay-test-'))
  try {
    const netns = join(directory, 'c1')
    writeFileSync(netns, '')
    assert.deepEqual(await run({ netns }), ['rules', 'host-local DEL'])
    writeFileSync(netns, 'x')
    assert.match((await run({ netns })).at(-1) ?? '', /^NetnsError: unknown FS magic/)
  } finally {
    rmSync(directory, { recursive: true })
  }
})

test('a link that has kept its temporary name is deleted', async () => {
  const more = () => ({ temporaryName: 'temporary' })
  assert.deepEqual(await run({ more, link: 1 }), ['rules', '7 is gone', closed, 'host-local DEL'])
  assert.deepEqual(await run({ more, link: 2 }), [closed, 'rules', 'host-local DEL'])
})

test('every step runs even if others fail, and all failures are told', async () => {
  const [link, rules, release] = [new Error('link'), new Error('rules'), new Error('lease')]
  const all = ['rules', '7 is gone', closed, 'host-local DEL']
  assert.deepEqual(await run({ failures: { rules } }), [...all, 'Error: rules'])
  assert.deepEqual(await run({ failures: { link, rules, release } }), [
    ...all,
    'Error: link, Error: rules, Error: lease',
  ])
})
