import assert from 'node:assert/strict'
import { existsSync, readdirSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { networkListFromBytes, pluginConfFromBytes } from '../../src/config/index.ts'
import { Cni } from '../../src/runtime/index.ts'
import { type FakeAnswer, FakeExecutor } from '../../src/testing/index.ts'
import { CniError } from '../../src/types/index.ts'
import { scratch } from '../testing/scratch.ts'

const result = { cniVersion: '1.0.0', ips: [{ address: '10.0.0.5/24' }] }

function makeList(types: readonly string[], more: object = {}) {
  const plugins = types.map((type) => ({ type }))
  return networkListFromBytes(JSON.stringify({ cniVersion: '1.1.0', name: 'net', plugins, ...more }))
}

function setUp(t: TestContext, answers: Record<string, FakeAnswer>) {
  const directory = scratch(t)
  const executor = new FakeExecutor(answers)
  const cni = new Cni({ path: ['/bin'], cacheDir: directory, executor, env: {} })
  return { cni, executor, directory, results: join(directory, 'results') }
}

/** Attaches a container of that id to the network `name`, and forgets that the plugins were called. */
async function attach({ cni, executor }: { cni: Cni; executor: FakeExecutor }, containerId: string, name = 'net') {
  const more = { args: [['A', containerId]] as const, capabilityArgs: { mac: containerId } }
  await cni.addNetworkList(makeList(['ok'], { name }), {
    containerId,
    netns: `/n/${containerId}`,
    ifName: 'eth0',
    ...more,
  })
  executor.calls.length = 0
}

test('gcNetworkList() deletes what is not valid, as it was attached, then asks every plugin to collect', async (t) => {
  const at = setUp(t, { ok: result, cap: result })
  for (const id of ['alive', 'dead', 'gone']) await attach(at, id)
  await attach(at, 'other', 'net-x')
  const plugins = [{ type: 'ok' }, { type: 'cap', capabilities: { mac: true } }]
  const validAttachments = [
    { containerId: 'alive', ifName: 'eth0' },
    { containerId: 'dead', ifName: 'eth1' },
  ]
  await at.cni.gcNetworkList(makeList([], { plugins }), { validAttachments })
  assert.deepEqual(at.executor.log, ['DEL cap', 'DEL ok', 'DEL cap', 'DEL ok', 'GC ok', 'GC cap'])
  const [del, , , , gc] = at.executor.calls
  assert.deepEqual(del?.config['runtimeConfig'], { mac: 'dead' })
  assert.deepEqual(
    [del?.env['CNI_CONTAINERID'], del?.env['CNI_NETNS'], del?.env['CNI_ARGS']],
    ['dead', '/n/dead', 'A=dead'],
  )
  const wire = [
    { containerID: 'alive', ifname: 'eth0' },
    { containerID: 'dead', ifname: 'eth1' },
  ]
  assert.deepEqual(gc?.config, {
    'cni.dev/attachments': wire,
    'cni.dev/valid-attachments': wire,
    cniVersion: '1.1.0',
    name: 'net',
    type: 'ok',
  })
  assert.deepEqual(readdirSync(at.results).sort(), ['net-alive-eth0', 'net-x-other-eth0'])
})

test('gcNetworkList() without arguments deletes all and names none; with an undefined list it says null', async (t) => {
  const at = setUp(t, { ok: result })
  await attach(at, 'a')
  await at.cni.gcNetworkList(makeList(['ok']))
  await at.cni.gcNetworkList(makeList(['ok']), {})
  assert.deepEqual(
    at.executor.calls.map(({ command, stdin }) => [command, stdin]),
    [
      [
        'DEL',
        '{"cniVersion":"1.1.0","name":"net","prevResult":{"cniVersion":"1.1.0","ips":[{"address":"10.0.0.5/24"}]},"type":"ok"}',
      ],
      ['GC', '{"cniVersion":"1.1.0","name":"net","type":"ok"}'],
      [
        'GC',
        '{"cni.dev/attachments":null,"cni.dev/valid-attachments":null,"cniVersion":"1.1.0","name":"net","type":"ok"}',
      ],
    ],
  )
})

test('gcNetworkList() deletes for a list of any version, and asks plugins only from 1.1.0', async (t) => {
  for (const cniVersion of ['0.3.1', '0.4.0', '1.0.0', '']) {
    const at = setUp(t, { ok: result })
    await attach(at, 'a')
    await at.cni.gcNetworkList(makeList(['ok'], { cniVersion }), { validAttachments: [] })
    assert.deepEqual(at.executor.log, ['DEL ok'], cniVersion)
  }
})

test('gcNetworkList() does nothing for a list with disableGC', async (t) => {
  const at = setUp(t, { ok: result })
  await attach(at, 'a')
  await at.cni.gcNetworkList(makeList(['ok'], { disableGC: true }))
  assert.deepEqual([at.executor.calls, readdirSync(at.results)], [[], ['net-a-eth0']])
})

test('gcNetworkList() goes on whatever fails and reports all of it', async (t) => {
  const busy = new CniError(11, 'busy')
  const at = setUp(t, { ok: ({ command }) => (command === 'ADD' ? result : busy), fine: result })
  for (const id of ['a', 'b']) await attach(at, id)
  await assert.rejects(at.cni.gcNetworkList(makeList(['ok', 'fine', 'gone'])), (error) => {
    assert.ok(error instanceof AggregateError)
    const find = 'failed to find plugin "gone" in path [/bin]'
    assert.deepEqual(error.message.split('\n'), [
      `failed to delete stale attachment a eth0: plugin type="gone" failed (delete): ${find}`,
      `failed to delete stale attachment b eth0: plugin type="gone" failed (delete): ${find}`,
      'failed to GC plugin ok: busy',
      `failed to GC plugin gone: ${find}`,
    ])
    assert.equal(error.errors[2].cause, busy)
    const codes = error.errors.map(({ code, errors }) => code ?? errors.map((each: CniError) => each.code))
    assert.deepEqual(codes, [['ENOENT', 11], ['ENOENT', 11], 11, 'ENOENT'])
    return true
  })
  assert.deepEqual(at.executor.log.slice(-2), ['GC ok', 'GC fine'])
  assert.deepEqual(readdirSync(at.results), ['net-a-eth0', 'net-b-eth0'])
})

test('gcNetworkList() asks the plugins without a cache directory, and rejects for one it cannot read', async (t) => {
  const at = setUp(t, { ok: result })
  await at.cni.gcNetworkList(makeList(['ok']))
  assert.deepEqual(at.executor.log, ['GC ok'])
  writeFileSync(at.results, '')
  await assert.rejects(at.cni.gcNetworkList(makeList(['ok'])), { message: `open ${at.results}: not a directory` })
})

test('gcNetworkList() removes what a killed writer left behind, once it is an hour old', async (t) => {
  const at = setUp(t, { ok: result })
  await attach(at, 'a')
  const entry = JSON.stringify({ kind: 'cniCacheV1', containerId: 'z', ifName: 'eth0', networkName: 'net' })
  for (const name of ['.tmp-old', '.tmp-new']) writeFileSync(join(at.results, name), entry)
  const past = Date.now() / 1000 - 3601
  utimesSync(join(at.results, '.tmp-old'), past, past)
  assert.deepEqual(
    (await at.cni.getCachedAttachments()).map(({ containerId }) => containerId),
    ['a'],
  )
  await at.cni.gcNetworkList(makeList(['ok']), { validAttachments: [{ containerId: 'a', ifName: 'eth0' }] })
  assert.deepEqual(readdirSync(at.results).sort(), ['.tmp-new', 'net-a-eth0'])
})

test('getStatusNetworkList() asks in order, to the first that is not ready, and says which', async (t) => {
  const notReady = new CniError('limitedConnectivity', 'down')
  const at = setUp(t, { ok: '', bad: notReady, third: '' })
  const list = makeList(['ok', 'bad', 'third'])
  await assert.rejects(at.cni.getStatusNetworkList(list), {
    name: 'CniError',
    code: 51,
    message: 'plugin type="bad" failed (status): down',
    cause: notReady,
  })
  assert.deepEqual(at.executor.log, ['STATUS ok', 'STATUS bad'])
  for (const cniVersion of ['1.0.0', '', 'nonsense']) {
    await at.cni.getStatusNetworkList(makeList(['bad'], { cniVersion }))
  }
  assert.equal(at.executor.calls.length, 2)
})

const versions = (...supportedVersions: string[]) => ({ cniVersion: '1.1.0', supportedVersions })

test('validateNetworkList() returns the enabled capabilities, each once', async (t) => {
  const { cni } = setUp(t, { a: versions('1.0.0', '1.1.0'), b: versions('1.1.0') })
  const plugins = [
    { type: 'a', capabilities: { mac: true, ips: false } },
    { type: 'b', capabilities: { mac: true, bandwidth: true } },
  ]
  assert.deepEqual(await cni.validateNetworkList(makeList([], { plugins })), ['mac', 'bandwidth'])
})

test('validateNetworkList() rejects with everything that is wrong', async (t) => {
  const { cni } = setUp(t, { a: versions('1.0.0'), b: versions('1.1.0'), c: '{' })
  await assert.rejects(cni.validateNetworkList(makeList(['a', 'gone', 'b', 'c'])), (error) => {
    assert.ok(error instanceof AggregateError)
    assert.equal(
      error.message,
      '[plugin a does not support config version "1.1.0" failed to find plugin "gone" in path [/bin] ' +
        'decoding version info: unexpected end of JSON input]',
    )
    return error.errors.length === 3
  })
  await assert.rejects(cni.validateNetworkList(makeList(['a'], { cniVersion: '' })), {
    message: '[plugin a does not support config version "0.1.0"]',
  })
})

test('validateNetwork() goes by the version of the plugin object', async (t) => {
  const { cni } = setUp(t, { a: versions('1.0.0') })
  const plugin = (cniVersion: string) =>
    pluginConfFromBytes(JSON.stringify({ type: 'a', cniVersion, capabilities: { mac: true } }))
  assert.deepEqual(await cni.validateNetwork(plugin('1.0.0')), ['mac'])
  await assert.rejects(cni.validateNetwork(plugin('1.0')), {
    message: 'plugin a does not support config version "1.0"',
  })
})

test('getVersionInfo() asks the plugin that it finds', async (t) => {
  const { cni, executor } = setUp(t, { a: versions('1.0.0') })
  assert.deepEqual(await cni.getVersionInfo('a'), versions('1.0.0'))
  assert.deepEqual(executor.log, ['VERSION a'])
  await assert.rejects(cni.getVersionInfo('gone'), { code: 'ENOENT', plugin: 'gone' })
})

test('gcNetworkList() takes a network whose name begins like another one for another', async (t) => {
  const at = setUp(t, { ok: result })
  await attach(at, 'x-a', 'net')
  await attach(at, 'a', 'net-x')
  assert.deepEqual(readdirSync(at.results), ['net-x-a-eth0'])
  await at.cni.gcNetworkList(makeList(['ok'], { name: 'net' }), {})
  assert.deepEqual(at.executor.log, ['GC ok'])
  assert.equal(existsSync(join(at.results, 'net-x-a-eth0')), true)
})
