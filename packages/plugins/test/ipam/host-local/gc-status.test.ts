import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { listLeases } from '../../../src/ipam/host-local/index.ts'
import { callHostLocal } from './call-host-local.ts'
import { temporaryDirectory } from './temporary-directory.ts'

const ranges = [[{ subnet: '10.9.0.0/29' }]]

/** A directory of leases with these contents by name, and a way to call the plugin on it. */
function world(context: TestContext, files: Record<string, string>, keys: Record<string, unknown> = {}) {
  const dataDir = temporaryDirectory(context)
  const directory = join(dataDir, 'net')
  mkdirSync(directory)
  for (const [name, content] of Object.entries(files)) writeFileSync(join(directory, name), content)
  const ipam = { type: 'host-local', dataDir, ranges }
  const config = { cniVersion: '1.1.0', name: 'net', type: 'bridge', ipam, ...keys }
  const left = () =>
    readdirSync(directory)
      .filter((name) => !['lock', '.patchbay.boot'].includes(name))
      .sort()
  return { dataDir, directory, left, call: (command: string) => callHostLocal(command, { config }) }
}

const files = {
  '10.9.0.2': 'c1\r\neth0',
  '10.9.0.3': 'c1\r\neth1',
  '10.9.0.4': 'c2\r\neth0',
  '10.9.0.5': 'c1',
  '10.9.0.6': '',
  'last_reserved_ip.0': '10.9.0.6',
  'somebody.else': 'c2\r\neth0',
}

test('GC ends the leases of all that is not in the valid attachments, and nothing else', async (context) => {
  const keys = { 'cni.dev/valid-attachments': [{ containerID: 'c1', ifname: 'eth0' }] }
  const { call, left } = world(context, files, keys)
  assert.deepEqual(await call('GC'), { status: 0, output: undefined })
  assert.deepEqual(left(), ['10.9.0.2', '10.9.0.5', 'last_reserved_ip.0', 'somebody.else'])
})

test('GC ends every lease when no attachment is valid', async (context) => {
  const { call, left } = world(context, files, { 'cni.dev/valid-attachments': [] })
  await call('GC')
  assert.deepEqual(left(), ['last_reserved_ip.0', 'somebody.else'])
})

test('GC ends nothing when nobody says what is valid, and is content without a directory', async (context) => {
  const { call, left } = world(context, files)
  await call('GC')
  assert.equal(left().length, 7)
  const ipam = { type: 'host-local', dataDir: join(temporaryDirectory(context), 'none'), ranges }
  const config = { cniVersion: '1.1.0', name: 'net', type: 'bridge', ipam, 'cni.dev/valid-attachments': [] }
  assert.deepEqual(await callHostLocal('GC', { config }), { status: 0, output: undefined })
})

test('STATUS is well while an address is free, with or without a directory', async (context) => {
  const { call, directory, left } = world(context, { '10.9.0.2': 'c1\r\neth0' })
  assert.deepEqual(await call('STATUS'), { status: 0, output: undefined })
  assert.deepEqual(left(), ['10.9.0.2'])
  const ipam = { type: 'host-local', dataDir: join(directory, 'not', 'made', 'yet'), ranges }
  const config = { cniVersion: '1.1.0', name: 'net', type: 'bridge', ipam }
  assert.deepEqual(await callHostLocal('STATUS', { config }), { status: 0, output: undefined })
})

const exhausted =
  'Cannot lease an address of network "net": all that key "ipam.ranges" has are leased; ' +
  '"patchbay leases net" lists to whom, and GC releases those of containers that are gone'

test('STATUS answers 50 when a range set is exhausted', async (context) => {
  const all = [2, 3, 4, 5, 6].map((last) => [`10.9.0.${last}`, `c${last}\r\neth0`])
  const { call } = world(context, Object.fromEntries(all))
  const msg = 'Cannot lease addresses of network "net": no address is free in range set 10.9.0.1-10.9.0.6'
  assert.deepEqual(await call('STATUS'), { status: 1, output: { code: 50, msg, details: exhausted } })
})

test('ADD says of which network and key all addresses are leased, and what to do', async (context) => {
  const all = [2, 3, 4, 5, 6].map((last) => [`10.9.0.${last}`, `c${last}\r\neth0`])
  const { call } = world(context, Object.fromEntries(all))
  const msg = 'failed to allocate for range 0: no IP addresses available in range set: 10.9.0.1-10.9.0.6'
  assert.deepEqual(await call('ADD'), { status: 1, output: { code: 999, msg, details: exhausted } })
})

test('errors of ranges name their key', async () => {
  const ask = async (ipam: object, runtimeConfig = {}) => {
    const config = {
      cniVersion: '1.1.0',
      name: 'net',
      type: 'bridge',
      ipam: { type: 'host-local', ...ipam },
      runtimeConfig,
    }
    const { output } = await callHostLocal('ADD', { config })
    return (output as { details?: string }).details
  }
  const [good, wide, low] = [{ subnet: '10.9.0.0/29' }, { subnet: '10.9.0.1/29' }, { subnet: '10.9.0.0/31' }]
  assert.equal(await ask({ subnett: '10.9.0.0/29' }), 'Cannot lease addresses: set "ipam.subnet" or "ipam.ranges"')
  assert.equal(await ask(wide), 'Cannot use key "ipam.subnet"')
  assert.equal(await ask({ ...good, rangeStart: '10.1.0.1' }), 'Cannot use key "ipam.rangeStart"')
  assert.equal(await ask({ ranges: [[good], [low]] }), 'Cannot use key "ipam.ranges.subnet"')
  assert.equal(await ask({ ...good, ranges: [[]] }), 'Cannot use key "ipam.ranges"')
  const before = { ipRanges: [[{ ...good, rangeEnd: '10.1.0.1' }]] }
  assert.equal(await ask(good, before), 'Cannot use key "runtimeConfig.ipRanges.rangeEnd"')
})

test('GC and STATUS work on many leases, and on a range with a single address left', async (context) => {
  const many = Array.from({ length: 253 }, (_, at) => [`10.9.0.${at + 2}`, `c${at}\r\neth0`])
  const keys = {
    ipam: { type: 'host-local', subnet: '10.9.0.0/24' },
    'cni.dev/valid-attachments': [
      { containerID: 'c0', ifname: 'eth0' },
      { containerID: 'c99', ifname: 'eth0' },
    ],
  }
  const { dataDir, call, left } = world(context, Object.fromEntries(many.slice(0, -1)), keys)
  Object.assign(keys.ipam, { dataDir })
  assert.deepEqual(await call('STATUS'), { status: 0, output: undefined })
  assert.deepEqual(await call('GC'), { status: 0, output: undefined })
  assert.deepEqual(
    left().filter((name) => name !== '.patchbay.index'),
    ['10.9.0.101', '10.9.0.2'],
  )
  const ips = (await callHostLocal('ADD', { config: { cniVersion: '1.1.0', name: 'net', type: 'bridge', ...keys } }))
    .output
  assert.match(JSON.stringify(ips), /10\.9\.0\.3\//)
})

test('STATUS answers 50 when the directory cannot be used', async (context) => {
  const { dataDir } = world(context, {})
  writeFileSync(join(dataDir, 'file'), '')
  const ipam = { type: 'host-local', dataDir: join(dataDir, 'file'), ranges }
  const { status, output } = await callHostLocal('STATUS', {
    config: { cniVersion: '1.1.0', name: 'net', type: 'bridge', ipam },
  })
  assert.equal(status, 1)
  assert.match(
    JSON.stringify(output),
    /"code":50,"msg":"Cannot lease addresses of network \\"net\\": .*not a directory/i,
  )
})

test('listLeases() lists addresses with their owners, in order', (context) => {
  const { directory } = world(context, { ...files, 'fd00::2': 'c3\r\neth0', '10.9.0.10': 'c4\r\neth0' })
  assert.deepEqual(
    listLeases(directory).map(({ ip, owner }) => [String(ip), owner]),
    [
      ['10.9.0.2', { containerId: 'c1', ifName: 'eth0' }],
      ['10.9.0.3', { containerId: 'c1', ifName: 'eth1' }],
      ['10.9.0.4', { containerId: 'c2', ifName: 'eth0' }],
      ['10.9.0.5', { containerId: 'c1' }],
      ['10.9.0.6', undefined],
      ['10.9.0.10', { containerId: 'c4', ifName: 'eth0' }],
      ['fd00::2', { containerId: 'c3', ifName: 'eth0' }],
    ],
  )
})

test('whoever reads the leases removes what a crash has left of a file that was being written', async (context) => {
  for (const command of ['DEL', 'GC']) {
    const keys = { 'cni.dev/valid-attachments': [] }
    const { call, left } = world(context, { '.patchbay.tmp': 'c1\r\neth0' }, keys)
    assert.deepEqual(await call(command), { status: 0, output: undefined })
    assert.deepEqual(left(), [])
  }
})
