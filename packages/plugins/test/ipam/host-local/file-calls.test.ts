import assert from 'node:assert/strict'
import fs, { mkdirSync, writeFileSync } from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { basename, join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { callHostLocal } from './call-host-local.ts'
import { temporaryDirectory } from './temporary-directory.ts'

/** What takes a path and comes to a system call or more. */
const watched = [
  ...(['existsSync', 'linkSync', 'mkdirSync', 'openSync', 'readdirSync', 'renameSync'] as const),
  ...(['readlinkSync', 'statSync', 'statfsSync', 'symlinkSync', 'unlinkSync', 'utimesSync'] as const),
] as const

/** Notes which calls of node:fs are made, with the last part of their first path. */
function watchFiles(context: TestContext): string[] {
  const calls: string[] = []
  for (const name of watched) {
    const original: unknown = fs[name]
    assert.ok(typeof original === 'function')
    const noting = (...args: unknown[]) => {
      calls.push(`${name} ${basename(String(args[0]))}`)
      return original(...args)
    }
    Object.defineProperty(fs, name, { value: noting, configurable: true, writable: true })
    context.after(() => {
      Object.defineProperty(fs, name, { value: original, configurable: true, writable: true })
      syncBuiltinESMExports()
    })
  }
  syncBuiltinESMExports()
  return calls
}

function network(context: TestContext) {
  const dataDir = temporaryDirectory(context)
  const ipam = { type: 'host-local', dataDir, durability: 'none', ranges: [[{ subnet: '10.0.0.0/24' }]] }
  return { dataDir, config: { cniVersion: '1.1.0', name: 'net', type: 'bridge', ipam } }
}

const begin = ['openSync lock', 'openSync .patchbay.boot', 'existsSync .patchbay.index', 'readdirSync net']

test('ADD reads each file once, makes no directory that is there, and removes nothing that is not', async (context) => {
  const { config } = network(context)
  await callHostLocal('ADD', { config, containerId: 'c1' })
  const calls = watchFiles(context)
  assert.equal((await callHostLocal('ADD', { config, containerId: 'c2' })).status, 0)
  assert.deepEqual(
    calls.filter((call) => call !== 'statSync netns'),
    [
      ...begin,
      'openSync 10.0.0.2',
      'openSync last_reserved_ip.0',
      ...['openSync .patchbay.tmp', 'linkSync .patchbay.tmp', 'unlinkSync .patchbay.tmp'],
      ...['openSync .patchbay.tmp', 'renameSync .patchbay.tmp'],
      'symlinkSync netns',
    ],
  )
})

test('DEL and CHECK read each lease once', async (context) => {
  const { config } = network(context)
  for (const containerId of ['c1', 'c2']) await callHostLocal('ADD', { config, containerId })
  const calls = watchFiles(context)
  const leases = ['openSync 10.0.0.2', 'openSync 10.0.0.3']
  const callsOf = async (command: string) => {
    calls.length = 0
    assert.equal((await callHostLocal(command, { config, containerId: 'c1' })).status, 0)
    // Node may look for the source map of a module that is loaded.
    return calls
      .filter((call) => call !== 'statSync netns' && !call.endsWith('.map'))
      .map((call) => call.replace(/\.[0-9a-f]{16}$/, ''))
  }
  assert.deepEqual(await callsOf('CHECK'), [...begin, ...leases])
  assert.deepEqual(await callsOf('DEL'), [...begin, ...leases, 'unlinkSync .patchbay.netns', 'unlinkSync 10.0.0.2'])
})

test('ADD makes the directory with its parents, and says what is in the way of it', async (context) => {
  const { config, dataDir } = network(context)
  const deeper = (path: string) => ({ ...config, ipam: { ...config.ipam, dataDir: join(dataDir, path) } })
  assert.equal((await callHostLocal('ADD', { config: deeper('a/b') })).status, 0)
  writeFileSync(join(dataDir, 'file'), '')
  const msg = `mkdir ${join(dataDir, 'file', 'net')}: not a directory`
  const { output } = await callHostLocal('ADD', { config: deeper('file') })
  assert.deepEqual(output, { code: 999, msg })
})

test('ADD fails on what is in the way of the lock, in a directory that is there', async (context) => {
  const { config, dataDir } = network(context)
  mkdirSync(join(dataDir, 'net', 'lock'), { recursive: true })
  const { output } = await callHostLocal('ADD', { config })
  const msg = `open ${join(dataDir, 'net', 'lock')}: is a directory`
  assert.deepEqual(output, { code: 999, msg })
})
