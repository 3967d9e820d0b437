import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { networkListFromBytes } from '../../src/config/index.ts'
import { Cni, type RuntimeConf } from '../../src/runtime/index.ts'
import { FakeExecutor } from '../../src/testing/index.ts'
import { scratch, seeded } from '../testing/scratch.ts'

const rt: RuntimeConf = { containerId: 'c1', netns: '/run/netns/x', ifName: 'eth0' }
const list = networkListFromBytes('{"cniVersion":"1.0.0","name":"net","plugins":[{"type":"ok"}]}')
const config = Buffer.from(list.bytes).toString('base64')
const entry = { kind: 'cniCacheV1', containerId: 'c1', config, ifName: 'eth0', networkName: 'net' }

function setUp(t: TestContext, files: Record<string, string> = {}) {
  const directory = scratch(
    t,
    Object.fromEntries(Object.entries(files).map(([name, text]) => [`results/${name}`, text])),
  )
  const executor = new FakeExecutor({ ok: { cniVersion: '1.0.0', ips: [{ address: '10.0.0.5/24' }] } })
  return { directory, executor, cni: new Cni({ path: ['/bin'], cacheDir: directory, executor, env: {} }) }
}

test('getNetworkListCachedResult() returns the result in the version of the list', async (t) => {
  const old = { cniVersion: '0.3.1', ips: [{ version: '4', address: '10.0.0.5/24' }] }
  const { cni } = setUp(t, { 'net-c1-eth0': JSON.stringify({ ...entry, result: old }) })
  const result = await cni.getNetworkListCachedResult(list, rt)
  assert.deepEqual([result?.cniVersion, result?.ips?.[0]?.address.toString()], ['1.0.0', '10.0.0.5/24'])
  assert.equal(await cni.getNetworkListCachedResult(list, { ...rt, ifName: 'eth1' }), undefined)
})

test('getNetworkListCachedResult() reads an entry of another kind as a bare result', async (t) => {
  const bare = { kind: 'older', cniVersion: '0.4.0', ips: [{ version: '6', address: 'fd00::5/64' }] }
  const { cni } = setUp(t, { 'net-c1-eth0': JSON.stringify(bare) })
  const result = await cni.getNetworkListCachedResult(list, rt)
  assert.equal(result?.ips?.[0]?.address.toString(), 'fd00::5/64')
})

test('getNetworkListCachedConfig() returns the configuration and the arguments of the attachment', async (t) => {
  const cached = { ...entry, cniArgs: [['A', 'b']], capabilityArgs: { mac: 'x' } }
  const { cni } = setUp(t, { 'net-c1-eth0': JSON.stringify(cached), 'net-c1-eth1': JSON.stringify(entry) })
  const given = { ...rt, args: [['own', '1']] as const, capabilityArgs: { own: 1 } }
  assert.deepEqual(await cni.getNetworkListCachedConfig(list, given), {
    bytes: list.bytes,
    runtimeConf: { ...rt, args: [['A', 'b']], capabilityArgs: { mac: 'x' } },
  })
  const plain = await cni.getNetworkListCachedConfig(list, { ...given, ifName: 'eth1' })
  assert.deepEqual(plain?.runtimeConf.args, [['own', '1']])
  assert.equal(plain?.runtimeConf.capabilityArgs, undefined)
  assert.equal(await cni.getNetworkListCachedConfig(list, { ...rt, ifName: 'eth2' }), undefined)
})

test('getNetworkListCachedConfig() rejects what is no entry, in the words of the reference', async (t) => {
  const { cni } = setUp(t, {
    'net-c1-eth0': '{',
    'net-c2-eth0': '{"kind":"other"}',
    'net-c3-eth0': '{"kind":"cniCacheV1","config":"?"}',
  })
  const config = (containerId: string) => cni.getNetworkListCachedConfig(list, { ...rt, containerId })
  await assert.rejects(config('c1'), {
    message: 'failed to unmarshal cached network "net" config: unexpected end of JSON input',
  })
  await assert.rejects(config('c2'), { message: 'read cached network "net" config has wrong kind: other' })
  await assert.rejects(config('c3'), { message: /^failed to unmarshal cached network "net" config: illegal base64/ })
  await assert.rejects(config(''), {
    message: 'cache file path requires network name ("net"), container ID (""), and interface name ("eth0")',
  })
})

test('getCachedAttachments() returns what is readable, sorted by file name', async (t) => {
  const of = (containerId: string, networkName: string, more: object = {}) =>
    JSON.stringify({ ...entry, containerId, networkName, ...more })
  const { cni, directory } = setUp(t, {
    'net-b-eth0': of('b', 'net', { netns: '/n', cniArgs: [['A', '1']], capabilityArgs: { k: 1 } }),
    'net-a-eth0': of('a', 'net'),
    'Z-a-b-eth0': of('a-b', 'Z'),
    torn: '{"kind":"cniCacheV1"',
    empty: '',
    'net-legacy-eth0': '{"cniVersion":"0.4.0"}',
    'net-noif-': of('noif', 'net', { ifName: '' }),
    'net-nonet-eth0': of('nonet', ''),
    'net-kind-eth0': of('kind', 'net', { kind: 'cniCacheV2' }),
    '-b-eth0': of('b', 'net'),
    'net-b-': of('b', 'net'),
  })
  mkdirSync(join(directory, 'results/net-dir-eth0'))
  const ids = async (id?: string) => (await cni.getCachedAttachments(id)).map(({ containerId }) => containerId)
  assert.deepEqual(await ids(), ['b', 'a-b', 'a', 'b', 'b'])
  assert.deepEqual(await ids('a'), ['a'])
  assert.deepEqual(await ids('b'), ['b'])
  assert.deepEqual(await ids('a-b'), ['a-b'])
  assert.deepEqual(await ids('net'), [])
  assert.deepEqual((await cni.getCachedAttachments('b'))[0], {
    containerId: 'b',
    network: 'net',
    ifName: 'eth0',
    config: list.bytes,
    netns: '/n',
    args: [['A', '1']],
    capabilityArgs: { k: 1 },
  })
})

test('getCachedAttachments() finds the namespace in the result, where the entry does not name it', async (t) => {
  const of = (containerId: string, result: object, more: object = {}) =>
    JSON.stringify({ ...entry, containerId, result, ...more })
  const host = { name: 'cni0' }
  const { cni } = setUp(t, {
    'net-a-eth0': of('a', { interfaces: [host, { name: 'eth1', sandbox: '/n/1' }, { name: 'eth0', sandbox: '/n/0' }] }),
    'net-b-eth0': of('b', { interfaces: [host, { name: 'other', sandbox: '/n/other' }] }),
    'net-c-eth0': of('c', { interfaces: [{ name: 'eth0', sandbox: '/n/result' }] }, { netns: '/n/entry' }),
    'net-d-eth0': of('d', { interfaces: [host] }),
    'net-e-eth0': of('e', { interfaces: 'none' }),
    'net-f-eth0': of('f', { ip4: { ip: '10.0.0.5/24' } }),
  })
  const namespaces = (await cni.getCachedAttachments()).map(({ netns }) => netns)
  assert.deepEqual(namespaces, ['/n/0', '/n/other', '/n/entry', '', '', ''])
  assert.deepEqual((await cni.getCachedAttachments('f'))[0]?.result, { ip4: { ip: '10.0.0.5/24' } })
})

test('getCachedAttachments() finds nothing where there is no directory', async (t) => {
  const { directory } = setUp(t)
  const cni = new Cni({ path: [], cacheDir: join(directory, 'missing') })
  assert.deepEqual(await cni.getCachedAttachments(), [])
})

test('the cache directory of a call counts when the Cni object has none', async (t) => {
  const { directory, executor } = setUp(t)
  const cni = new Cni({ path: ['/bin'], executor, env: {} })
  await cni.addNetworkList(list, { ...rt, cacheDir: directory })
  assert.deepEqual(readdirSync(join(directory, 'results')), ['net-c1-eth0'])
  await cni.delNetworkList(list, { ...rt, cacheDir: directory })
  assert.deepEqual(readdirSync(join(directory, 'results')), [])
})

/** Makes damaged cache files: random bytes, and entries that were cut or had bytes changed. */
function damaged(random: (limit: number) => number): Buffer {
  if (random(4) === 0) return Buffer.from(Array.from({ length: random(200) }, () => random(256)))
  const whole = { ...entry, cniArgs: [['A', 'b']], result: { cniVersion: '1.0.0', ips: [{ address: '10.0.0.5/24' }] } }
  const bytes = Buffer.from(JSON.stringify(whole))
  for (let changes = random(4); changes > 0; changes--) bytes[random(bytes.length)] = random(256)
  return bytes.subarray(0, random(3) === 0 ? random(bytes.length) : bytes.length)
}

test('no bytes in a cache file keep DEL from running, or GC from going through', async (t) => {
  const seed = Number(process.env['SEED'] ?? Date.now() % 2 ** 32)
  const random = seeded(seed)
  const { cni, executor, directory } = setUp(t, { other: '' })
  const file = join(directory, 'results/net-c1-eth0')
  for (let run = 0; run < 500; run++) {
    const bytes = damaged(random)
    const where = `seed ${seed}, run ${run}: ${JSON.stringify(bytes.toString('latin1'))}`
    writeFileSync(file, bytes)
    const readings = [
      () => cni.getCachedAttachments(),
      () => cni.getNetworkListCachedResult(list, rt).catch(documented),
      () => cni.getNetworkListCachedConfig(list, rt).catch(documented),
      () => cni.delNetworkList(list, rt),
    ]
    for (const read of readings) await assert.doesNotReject(read, where)
    assert.equal(existsSync(file), false, where)
    writeFileSync(file, bytes)
    await assert.doesNotReject(cni.gcNetworkList(list), where)
  }
  assert.ok(executor.log.filter((line) => line === 'DEL ok').length >= 500)
})

/** Lets the errors pass that the methods promise. */
function documented(error: unknown): void {
  const names = ['Error', 'SyntaxError', 'JsonError', 'TypeError', 'CniError']
  if (!(error instanceof Error) || !names.includes(error.name) || error.message.includes('undefined')) throw error
}

test('a name that no file can have is shortened, and found again', async (t) => {
  const { cni, directory } = setUp(t)
  const containers = ['1', '2'].map((end) => `${'c'.repeat(300)}${end}`)
  for (const containerId of containers) await cni.addNetworkList(list, { ...rt, containerId })
  const names = readdirSync(join(directory, 'results'))
  assert.deepEqual(
    names.map((name) => name.replace(/-[0-9a-f]{16}$/, '')),
    containers.map(() => `net-${'c'.repeat(234)}`),
  )
  const found = await cni.getCachedAttachments()
  assert.deepEqual(found.map(({ containerId }) => containerId).sort(), containers)
  for (const containerId of containers) {
    assert.equal((await cni.getCachedAttachments(containerId)).length, 1)
    await cni.delNetworkList(list, { ...rt, containerId })
  }
  assert.deepEqual(readdirSync(join(directory, 'results')), [])
})
