import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { type OpenOptions, openDirectoryStore } from '../../../src/ipam/host-local/directory-store.ts'
import { currentBoot } from '../../../src/state/boot.ts'
import { temporaryDirectory } from './temporary-directory.ts'

const hour = 3_600_000
const boot = (id: string, hoursAgo: number) => ({ id, began: () => Date.now() - hoursAgo * hour })

/** Two hours ago one boot ended; an hour ago the present one began. */
const present = boot('present', 1)

interface Given {
  /** Contents of leases, by address, from before the present boot. */
  readonly old?: Record<string, string>
  /** Those of the present boot. */
  readonly young?: Record<string, string>
  /** Paths of namespaces that a runtime remembers, or what else its entry says, by container. */
  readonly remembered?: Record<string, string | object>
  /** The boot that is noted in the directory. */
  readonly noted?: string
}

function world(context: TestContext, { old = {}, young = {}, remembered = {}, noted }: Given) {
  const root = temporaryDirectory(context)
  const directory = join(root, 'net')
  for (const path of [directory, join(root, 'results')]) mkdirSync(path)
  for (const [name, content] of Object.entries({ ...old, ...young })) writeFileSync(join(directory, name), content)
  const then = Date.now() / 1000 - 2 * 3600
  for (const name of Object.keys(old)) utimesSync(join(directory, name), then, then)
  for (const [containerId, netns] of Object.entries(remembered)) remember(root, containerId, netns)
  if (noted !== undefined) writeFileSync(join(directory, '.patchbay.boot'), `${noted}\n`)
  return {
    directory,
    open: async (options: OpenOptions = {}) => {
      const store = await openDirectoryStore(directory, { boot: present, cacheDir: root, ...options })
      await store[Symbol.asyncDispose]()
      return readdirSync(directory)
        .filter((name) => /^[0-9a-f]+[.:]/.test(name))
        .sort()
    },
  }
}

function remember(root: string, containerId: string, where: string | object): void {
  const named = typeof where === 'string' ? { netns: where } : where
  const entry = { kind: 'cniCacheV1', containerId, config: '', ifName: 'eth0', networkName: 'net', ...named }
  writeFileSync(join(root, 'results', `net-${containerId}-eth0`), JSON.stringify(entry))
}

const gone = '/run/netns/patchbay-no-such'
const there = '/proc/self/ns/net'

test('leases of an earlier boot without a namespace end with the first operation of a boot', async (context) => {
  const { open, directory } = world(context, {
    old: {
      '10.0.0.2': 'c1\r\neth0',
      '10.0.0.3': 'c2\r\neth0',
      '10.0.0.4': 'c3\r\neth0',
      '10.0.0.5': 'c1',
      '10.0.0.6': '',
    },
    young: { '10.0.0.7': 'c1\r\neth0', 'fd00::7': 'c4\r\neth0' },
    remembered: { c1: gone, c2: there },
    noted: 'earlier',
  })
  // Those that are left: in use; made since, by the reference plugin.
  assert.deepEqual(await open(), ['10.0.0.3', '10.0.0.7', 'fd00::7'])
  assert.equal(readFileSync(join(directory, '.patchbay.boot'), 'utf8'), 'present\n')
})

test('a namespace that only the result names counts, and one that nobody names is not gone', async (context) => {
  const sandbox = (path: string) => ({ result: { interfaces: [{ name: 'eth0', sandbox: path }] } })
  const { open } = world(context, {
    old: { '10.0.0.2': 'c1\r\neth0', '10.0.0.3': 'c2\r\neth0', '10.0.0.4': 'c3\r\neth0' },
    remembered: { c1: sandbox(there), c2: sandbox(gone), c3: { result: { ips: [] } } },
  })
  assert.deepEqual(await open(), ['10.0.0.2', '10.0.0.4'])
})

test('what no runtime remembers stays until a boot has been noted', async (context) => {
  const old = { '10.0.0.2': 'c1\r\neth0', '10.0.0.3': 'c2\r\neth0' }
  const { open } = world(context, { old, remembered: { c1: gone } })
  assert.deepEqual(await open(), ['10.0.0.3'])
  assert.deepEqual(await open(), ['10.0.0.3'])
  assert.deepEqual(await open({ boot: boot('next', 0) }), [])
})

test('leases are looked through once in a boot', async (context) => {
  const { open, directory } = world(context, { noted: 'present' })
  writeFileSync(join(directory, '10.0.0.2'), 'c1\r\neth0')
  utimesSync(join(directory, '10.0.0.2'), 1, 1)
  assert.deepEqual(await open(), ['10.0.0.2'])
  assert.deepEqual(await open({ boot: boot('next', 0) }), [])
})

test('keepOverReboot keeps all leases, and notes nothing', async (context) => {
  const old = { '10.0.0.2': 'c1\r\neth0' }
  const { open, directory } = world(context, { old, remembered: { c1: gone }, noted: 'earlier' })
  assert.deepEqual(await open({ keepOverReboot: true }), ['10.0.0.2'])
  assert.equal(readFileSync(join(directory, '.patchbay.boot'), 'utf8'), 'earlier\n')
})

test('a file that is no namespace backs nothing', async (context) => {
  const old = { '10.0.0.2': 'c1\r\neth0' }
  const { open } = world(context, { old, remembered: { c1: '/etc/hostname' } })
  assert.deepEqual(await open(), [])
})

test('what is no file with an address for a name is left alone', async (context) => {
  const { open, directory } = world(context, {
    old: { 'last_reserved_ip.0': '10.0.0.9', notes: 'x' },
    noted: 'earlier',
  })
  mkdirSync(join(directory, '10.0.0.9'))
  utimesSync(join(directory, '10.0.0.9'), 1, 1)
  assert.deepEqual(await open(), ['10.0.0.9'])
  assert.equal(readFileSync(join(directory, 'notes'), 'utf8'), 'x')
})

test('a boot that cannot be noted keeps no lease from being ended', async (context) => {
  const { open, directory } = world(context, { old: { '10.0.0.2': 'c1\r\neth0' }, remembered: { c1: gone } })
  mkdirSync(join(directory, '.patchbay.boot'))
  assert.deepEqual(await open(), [])
})

test('currentBoot() asks the kernel once', () => {
  const id = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
  const boot = currentBoot()
  assert.equal(boot?.id, id)
  assert.equal(currentBoot(), boot)
})
