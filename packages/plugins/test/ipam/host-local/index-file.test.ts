import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import fs, {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { type IP, parseIP, tryParseIP } from '@patchbay/address'
import { type OpenOptions, openDirectoryStore } from '../../../src/ipam/host-local/directory-store.ts'
import type { LeaseStore } from '../../../src/ipam/host-local/lease-store.ts'
import { SeededRandom } from './seeded-random.ts'
import { temporaryDirectory } from './temporary-directory.ts'

const first = parseIP('10.0.0.2')
const last = parseIP('10.0.1.100')
const ownerOf = (number: number) => ({ containerId: `c${number}`, ifName: 'eth0' })

/** A directory with so many leases that there is an index once it has been opened. */
async function manyLeases(context: TestContext, count = 100): Promise<string> {
  const directory = join(temporaryDirectory(context), 'net')
  mkdirSync(directory)
  for (let at = 0; at < count; at++) writeFileSync(join(directory, String(first.add(at))), `c${at}\r\neth0`)
  await withStore(directory, (store) => store.leasesOf(ownerOf(0)))
  return directory
}

async function withStore<T>(
  directory: string,
  act: (store: LeaseStore) => T,
  options: OpenOptions = {},
): Promise<Awaited<T>> {
  await using store = await openDirectoryStore(directory, options)
  return await act(store)
}

/** Whether an operation reads the whole directory. */
async function readsAll(
  directory: string,
  act: (store: LeaseStore) => unknown,
  options?: OpenOptions,
): Promise<boolean> {
  const original = fs.readdirSync
  let reads = 0
  const counted = (...args: Parameters<typeof original>) => {
    reads++
    return original(...args)
  }
  Object.assign(fs, { readdirSync: counted })
  syncBuiltinESMExports()
  try {
    await withStore(directory, act, options)
  } finally {
    fs.readdirSync = original
    syncBuiltinESMExports()
  }
  return reads > 0
}

const look = async (store: LeaseStore) => [
  (await store.leasesOf(ownerOf(3))).length,
  (await store.firstFree(first, last))?.toString(),
]
const indexOf = (directory: string) => join(directory, '.patchbay.index')

test('many leases are found without reading them all, through leasing and releasing', async (context) => {
  const directory = await manyLeases(context)
  assert.equal(statSync(indexOf(directory)).mode & 0o777, 0o600)
  const operations: readonly ((store: LeaseStore) => unknown)[] = [
    look,
    (store) => store.reserve(first.add(150), { owner: ownerOf(150), set: 0 }),
    async (store) => assert.equal(String((await store.leasesOf(ownerOf(150)))[0]?.ip), '10.0.0.152'),
    (store) => store.releaseAll(ownerOf(3)),
    async (store) => assert.deepEqual(await look(store), [0, '10.0.0.5']),
    (store) => store.release(first.add(150)),
    async (store) => assert.equal(String(await store.firstFree(first.add(50), last)), '10.0.0.102'),
    async (store) => assert.equal(await store.firstFree(first.add(50), first.add(99)), undefined),
  ]
  for (const operation of operations) {
    assert.equal(await readsAll(directory, operation), false, String(operation))
    // Whatever happens next is later, on any clock.
    assert.ok(statSync(directory).mtimeMs < Date.now() - 2000)
  }
})

test('few leases have no index', async (context) => {
  const directory = await manyLeases(context, 30)
  assert.equal(existsSync(indexOf(directory)), false)
})

/** What others may do to a directory, and what is to be found then: leases of `c3`, and the first free address. */
const changes: Readonly<Record<string, readonly [change: (directory: string) => void, found: readonly unknown[]]>> = {
  'a lease made': [(it) => writeFileSync(join(it, '10.0.0.102'), 'c3\r\neth0'), [2, '10.0.0.103']],
  'a lease removed': [(it) => unlinkSync(join(it, '10.0.0.5')), [0, '10.0.0.5']],
  'a lease renamed': [(it) => renameSync(join(it, '10.0.0.5'), join(it, '10.0.0.150')), [1, '10.0.0.5']],
  'the index emptied': [(it) => truncateSync(indexOf(it)), [1, '10.0.0.102']],
  'the index cut': [(it) => truncateSync(indexOf(it), 5000), [1, '10.0.0.102']],
  'the index lost': [(it) => unlinkSync(indexOf(it)), [1, '10.0.0.102']],
  'nonsense for an index': [(it) => writeFileSync(indexOf(it), 'nonsense'.repeat(1000)), [1, '10.0.0.102']],
  'a copy of it all': [replaceByCopy, [1, '10.0.0.102']],
}

/** All times are the same, but the directory is another one. */
function replaceByCopy(directory: string): void {
  spawnSync('cp', ['-a', directory, `${directory}-copy`])
  rmSync(directory, { recursive: true })
  renameSync(`${directory}-copy`, directory)
}

for (const [name, [change, found]] of Object.entries(changes)) {
  test(`the index does not count after ${name}, and is rebuilt`, async (context) => {
    const directory = await manyLeases(context)
    change(directory)
    const now: unknown[] = []
    assert.equal(await readsAll(directory, async (store) => now.push(...(await look(store)))), true)
    assert.deepEqual(now, found)
    assert.equal(await readsAll(directory, async (store) => assert.deepEqual(await look(store), found)), false)
  })
}

test('the index of another boot does not count', async (context) => {
  const directory = await manyLeases(context)
  const options = { boot: { id: 'another', began: () => 0 } }
  assert.equal(await readsAll(directory, look, { ...options, keepOverReboot: true }), true)
  assert.equal(await readsAll(directory, look, { ...options, keepOverReboot: true }), false)
})

test('where an index cannot be written, there is none', async (context) => {
  const directory = await manyLeases(context)
  unlinkSync(indexOf(directory))
  mkdirSync(indexOf(directory))
  for (let round = 0; round < 2; round++) {
    await withStore(directory, (store) => store.reserve(first.add(150 + round), { owner: ownerOf(3), set: 0 }))
    assert.deepEqual(await withStore(directory, look), [2 + round, '10.0.0.102'])
  }
})

test('an index that is too small by now is rebuilt', async (context) => {
  const directory = await manyLeases(context)
  const { size } = statSync(indexOf(directory))
  const options = { isSynced: false }
  const add = async (store: LeaseStore) => {
    for (let at = 100; at < 400; at++) await store.reserve(first.add(at), { owner: ownerOf(at), set: 0 })
  }
  await withStore(directory, add, options)
  assert.equal(await readsAll(directory, look), true)
  assert.equal(await readsAll(directory, look), false)
  assert.ok(statSync(indexOf(directory)).size > size)
})

test('refresh() finds what was removed while the directory was locked', async (context) => {
  const directory = await manyLeases(context)
  await withStore(directory, async (store) => {
    assert.equal(String(await store.firstFree(first, last)), '10.0.0.102')
    assert.equal(await store.refresh(), false)
    unlinkSync(join(directory, '10.0.0.5'))
    assert.equal(await store.refresh(), true)
    assert.equal(String(await store.firstFree(first, last)), '10.0.0.5')
  })
})

/** The leases of a container and the first free address, by the names and contents of files alone. */
function truth(directory: string, containerId: string): unknown[] {
  const names = new Set(readdirSync(directory).filter((name) => tryParseIP(name)))
  const own = [...names].filter((name) => readFileSync(join(directory, name), 'utf8') === `${containerId}\r\neth0`)
  let free: IP = first
  while (names.has(String(free))) free = free.add(1)
  return [own.sort(), String(free)]
}

test('ours and others change a directory in turn, and every look agrees with the files', async (context) => {
  const seed = Number(process.env['PATCHBAY_TEST_SEED'] ?? Date.now() % 2 ** 31)
  const random = new SeededRandom(seed)
  const directory = await manyLeases(context)
  for (let step = 0; step < 400; step++) {
    const ip = first.add(random.below(200))
    const owner = ownerOf(random.below(120))
    const path = join(directory, String(ip))
    const acts: readonly ((store: LeaseStore) => unknown)[] = [
      (store) => store.reserve(ip, { owner, set: 0 }),
      (store) => store.release(ip),
      (store) => store.releaseAll(owner),
    ]
    const foreign: readonly (() => void)[] = [
      () => rmSync(path, { force: true }),
      () => existsSync(path) || writeFileSync(path, `${owner.containerId}\r\neth0`),
      () => existsSync(path) && renameSync(path, join(directory, String(ip.add(50)))),
    ]
    if (random.chance(30)) random.pick(foreign)()
    else await withStore(directory, random.pick(acts), { isSynced: false })
    const found = await withStore(directory, async (store) => [
      (await store.leasesOf(owner)).map((lease) => String(lease.ip)).sort(),
      (await store.firstFree(first, last))?.toString(),
    ])
    assert.deepEqual(found, truth(directory, owner.containerId), `PATCHBAY_TEST_SEED=${seed}, step ${step}`)
  }
})
