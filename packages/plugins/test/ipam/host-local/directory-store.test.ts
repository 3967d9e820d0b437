import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { parseIP } from '@patchbay/address'
import { CniError } from '@patchbay/cni/types'
import { ensureDirectory, openDirectoryStore } from '../../../src/ipam/host-local/directory-store.ts'
import type { LeaseStore } from '../../../src/ipam/host-local/lease-store.ts'
import { temporaryDirectory } from './temporary-directory.ts'

const owner = { containerId: 'c1', ifName: 'eth0' }

/** A store in a directory that has these files to begin with. */
async function open(context: TestContext, files: Record<string, string> = {}) {
  const directory = temporaryDirectory(context)
  for (const [name, content] of Object.entries(files)) writeFileSync(join(directory, name), content)
  const store = await openDirectoryStore(directory)
  context.after(() => store[Symbol.asyncDispose]())
  return { directory, store }
}

async function addressesOf(store: LeaseStore, containerId: string, ifName = 'eth0'): Promise<string[]> {
  return (await store.leasesOf({ containerId, ifName })).map(({ ip }) => String(ip)).sort()
}

test('reserve() writes the files of the reference', async (context) => {
  const { directory, store } = await open(context)
  assert.equal(await store.reserve(parseIP('10.9.0.2'), { owner, set: 0 }), true)
  assert.equal(await store.reserve(parseIP('FD00:9:0::4'), { owner, set: 1 }), true)
  const files = readdirSync(directory).map((name) => {
    const mode = (statSync(join(directory, name)).mode & 0o7777).toString(8)
    return [name, mode, readFileSync(join(directory, name), 'latin1')]
  })
  assert.deepEqual(
    files.sort(([a = ''], [b = '']) => (a < b ? -1 : 1)),
    [
      ['.patchbay.boot', '600', `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8')}`],
      ['10.9.0.2', '600', 'c1\r\neth0'],
      ['fd00:9::4', '600', 'c1\r\neth0'],
      ['last_reserved_ip.0', '600', '10.9.0.2'],
      ['last_reserved_ip.1', '600', 'fd00:9::4'],
      ['lock', '750', ''],
    ],
  )
})

test('reserve() refuses an address that anything in the directory stands for', async (context) => {
  const { directory, store } = await open(context, { '10.0.0.2': 'c2\r\neth0', '10.0.0.3': 'anybody' })
  for (const ip of ['10.0.0.2', '10.0.0.3']) assert.equal(await store.reserve(parseIP(ip), { owner, set: 0 }), false)
  assert.equal(readFileSync(join(directory, '10.0.0.2'), 'latin1'), 'c2\r\neth0')
  assert.equal(await store.lastReserved(0), undefined)
  assert.deepEqual(await addressesOf(store, 'c1'), [])
})

test('firstFree() passes over what is taken, by whatever', async (context) => {
  const { directory, store } = await open(context, { '10.0.0.2': 'c2\r\neth0', '10.0.0.3': 'c2' })
  mkdirSync(join(directory, '10.0.0.4'))
  symlinkSync('/nowhere', join(directory, '10.0.0.5'))
  assert.equal(String(await store.firstFree(parseIP('10.0.0.2'), parseIP('10.0.0.9'))), '10.0.0.6')
  assert.equal(await store.firstFree(parseIP('10.0.0.2'), parseIP('10.0.0.5')), undefined)
  assert.equal(await store.firstFree(parseIP('10.0.0.9'), parseIP('10.0.0.8')), undefined)
})

test('an empty or torn lease is free, and is replaced whole', async (context) => {
  const torn = { '10.0.0.2': '', '10.0.0.3': ' \r\n', '10.0.0.4': '\0\0\0\0', '10.0.0.5': 'c1\0\0' }
  const { directory, store } = await open(context, { ...torn, '10.0.0.6': 'c9' })
  for (const ip of Object.keys(torn)) {
    assert.equal(String(await store.firstFree(parseIP('10.0.0.2'), parseIP('10.0.0.9'))), ip)
    assert.equal(await store.reserve(parseIP(ip), { owner, set: 0 }), true)
    assert.equal(readFileSync(join(directory, ip), 'latin1'), 'c1\r\neth0')
  }
  assert.equal(String(await store.firstFree(parseIP('10.0.0.2'), parseIP('10.0.0.9'))), '10.0.0.7')
  assert.deepEqual(await addressesOf(store, 'c1'), Object.keys(torn))
})

test('firstFree() and leasesOf() know what the same store has leased and released', async (context) => {
  const { store } = await open(context, { '10.0.0.2': 'c1\r\neth0' })
  assert.deepEqual(await addressesOf(store, 'c1'), ['10.0.0.2'])
  await store.reserve(parseIP('10.0.0.3'), { owner, set: 0 })
  assert.deepEqual(await addressesOf(store, 'c1'), ['10.0.0.2', '10.0.0.3'])
  assert.equal(String(await store.firstFree(parseIP('10.0.0.2'), parseIP('10.0.0.9'))), '10.0.0.4')
  await store.release(parseIP('10.0.0.3'))
  assert.deepEqual(await addressesOf(store, 'c1'), ['10.0.0.2'])
  assert.equal(String(await store.firstFree(parseIP('10.0.0.2'), parseIP('10.0.0.9'))), '10.0.0.3')
})

test('firstFree() finds the end of a long row of leases', async (context) => {
  const row = Array.from({ length: 2000 }, (_, index) => [String(parseIP('10.0.0.1').add(index)), 'x\r\neth0'])
  const { store } = await open(context, Object.fromEntries(row))
  assert.equal(String(await store.firstFree(parseIP('10.0.0.1'), parseIP('10.255.255.254'))), '10.0.7.209')
})

const mixed = {
  '10.0.0.2': 'c1\r\neth0',
  '10.0.0.3': '\tc1\r\neth0\n',
  '10.0.0.4': 'c1\r\neth1',
  '10.0.0.5': 'c1',
  '10.0.0.6': 'c12\r\neth0',
  '10.0.0.7': 'c2',
  'fd00::2': 'c1\r\neth0',
  'last_reserved_ip.0': 'c1',
  'not-an-address': 'c1\r\neth0',
}

test('leasesOf() takes the present and the old form, and nothing but leases', async (context) => {
  const { directory, store } = await open(context, mixed)
  mkdirSync(join(directory, 'deeper'))
  writeFileSync(join(directory, 'deeper', '10.0.0.8'), 'c1\r\neth0')
  symlinkSync('10.0.0.2', join(directory, '10.0.0.8'))
  assert.deepEqual(await addressesOf(store, 'c1'), ['10.0.0.2', '10.0.0.3', '10.0.0.5', 'fd00::2'])
  assert.deepEqual(await addressesOf(store, 'c2'), ['10.0.0.7'])
  assert.deepEqual(await addressesOf(store, 'c3'), [])
})

test('releaseAll() ends the leases of an interface, and those in the old form only when there are no others', async (context) => {
  const { directory, store } = await open(context, mixed)
  const addresses = () => readdirSync(directory).filter((name) => /^[0-9a-f]+[.:]/.test(name))
  await store.releaseAll(owner)
  assert.deepEqual(addresses().sort(), ['10.0.0.4', '10.0.0.5', '10.0.0.6', '10.0.0.7'])
  await store.releaseAll(owner)
  assert.deepEqual(addresses().sort(), ['10.0.0.4', '10.0.0.6', '10.0.0.7'])
  await store.releaseAll(owner)
  assert.equal(addresses().length, 3)
  assert.equal(readFileSync(join(directory, 'last_reserved_ip.0'), 'utf8'), 'c1')
})

test('lastReserved() is undefined for what is no address', async (context) => {
  const { store } = await open(context, {
    'last_reserved_ip.0': 'zzz',
    'last_reserved_ip.1': '',
    'last_reserved_ip.2': 'fd00::1',
  })
  assert.deepEqual(await Promise.all([0, 1, 2, 3].map(async (set) => (await store.lastReserved(set))?.toString())), [
    undefined,
    undefined,
    'fd00::1',
    undefined,
  ])
})

test('reserve() takes the lease back when it cannot write the rest', async (context) => {
  const { directory, store } = await open(context)
  mkdirSync(join(directory, 'last_reserved_ip.0'))
  await assert.rejects(store.reserve(parseIP('10.0.0.2'), { owner, set: 0 }), { name: 'SystemError', code: 'EISDIR' })
  assert.deepEqual(readdirSync(directory).sort(), ['.patchbay.boot', 'last_reserved_ip.0', 'lock'])
  assert.deepEqual(await addressesOf(store, 'c1'), [])
})

test('openDirectoryStore() waits until the one before has been disposed of', async (context) => {
  const { directory, store } = await open(context)
  let opened = false
  const second = openDirectoryStore(directory).then((next) => {
    opened = true
    return next
  })
  await new Promise((resolve) => setTimeout(resolve, 30))
  assert.equal(opened, false)
  await store[Symbol.asyncDispose]()
  await (await second)[Symbol.asyncDispose]()
  assert.equal(opened, true)
})

test('openDirectoryStore() asks to be tried again when others keep the leases locked', async (context) => {
  const { directory } = await open(context)
  await assert.rejects(openDirectoryStore(directory, { lockTimeoutMs: 20 }), (error) => {
    assert.ok(error instanceof CniError)
    assert.equal(error.code, 11)
    const holder = `process ${process.pid} \\([^)]+\\)`
    assert.match(error.msg, new RegExp(`^Cannot lock "${join(directory, 'lock')}" within 20 ms: ${holder} holds it$`))
    return true
  })
})

test('openDirectoryStore() needs the directory, which ensureDirectory() makes with its parents', async (context) => {
  const directory = join(temporaryDirectory(context), 'a', 'b')
  await assert.rejects(openDirectoryStore(directory), { name: 'SystemError', code: 'ENOENT' })
  ensureDirectory(directory)
  ensureDirectory(directory)
  assert.equal(statSync(directory).mode & 0o7777, 0o755)
  await (await openDirectoryStore(directory))[Symbol.asyncDispose]()
})
