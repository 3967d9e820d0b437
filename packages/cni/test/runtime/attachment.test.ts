import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { networkListFromBytes, pluginConfFromBytes } from '../../src/config/index.ts'
import { inProcessExecutor, type Plugin } from '../../src/plugin/index.ts'
import { type CallOptions, Cni } from '../../src/runtime/index.ts'
import { CniError, isCniError } from '../../src/types/index.ts'
import { scratch } from '../testing/scratch.ts'
import { lastPrevResult, makeList, result, rt, setUp } from './scene.ts'

test('addNetworkList() returns the last result and remembers it', async (t) => {
  const later = { ...result, dns: { nameservers: ['1.1.1.1'] } }
  const { cni, executor, file } = setUp(t, { first: result, second: later })
  const returned = await cni.addNetworkList(makeList(['first', 'second']), rt)
  assert.equal(returned.cniVersion, '1.0.0')
  assert.deepEqual(returned.dns, { nameservers: ['1.1.1.1'] })
  assert.deepEqual(executor.log, ['ADD first', 'ADD second'])
  assert.deepEqual(lastPrevResult(executor), result)
  assert.equal(existsSync(file), true)
})

test('addNetworkList() hands a result on in the version in which it was printed', async (t) => {
  const old = { cniVersion: '0.3.1', ips: [{ version: '4', address: '10.0.0.5/24' }], dns: {} }
  const { cni, executor } = setUp(t, { first: old, second: old })
  const returned = await cni.addNetworkList(makeList(['first', 'second']), rt)
  assert.deepEqual(lastPrevResult(executor), old)
  assert.equal(returned.cniVersion, '0.3.1')
})

test('addNetworkList() names the plugin that failed, undoes nothing and remembers nothing', async (t) => {
  const failure = new CniError(11, 'busy', { details: 'later' })
  const { cni, executor, directory } = setUp(t, { first: result, bad: failure, third: result })
  const message = 'plugin type="bad" failed (add): busy; later'
  const failing = cni.addNetworkList(makeList(['first', 'bad', 'third']), rt)
  await assert.rejects(failing, (error) => {
    assert.ok(isCniError(error))
    assert.deepEqual([error.message, error.code, error.details, error.cause], [message, 11, 'later', failure])
    return true
  })
  assert.deepEqual(executor.log, ['ADD first', 'ADD bad'])
  assert.deepEqual(readdirSync(directory), [])
  const named = makeList([], { plugins: [{ type: 'bad', name: 'x"y' }] })
  await assert.rejects(cni.addNetworkList(named, rt), {
    message: 'plugin type="bad" name="x\\"y" failed (add): busy; later',
  })
})

test('addNetworkList() looks for the plugin, then checks container, network and interface', async (t) => {
  const { cni, executor } = setUp(t, { ok: result })
  const cases: [change: object, message: string, name?: string][] = [
    [{ containerId: '', ifName: '' }, 'missing containerID'],
    [{ containerId: 'a b', ifName: '' }, 'invalid characters in containerID; a b'],
    [{ ifName: '' }, 'missing network name:', ''],
    [{ ifName: '' }, 'invalid characters found in network name; ../x', '../x'],
    [{ ifName: '' }, 'interface name is empty'],
    [{ ifName: 'a'.repeat(16) }, 'interface name is too long; interface name should be less than 16 characters'],
    [{ ifName: 'a/b' }, 'interface name contains / or : or whitespace characters'],
    [{ ifName: 'eth%d' }, 'interface name contains %; the kernel would take it for a template and choose another name'],
  ]
  for (const [change, message, name = 'net'] of cases) {
    await assert.rejects(cni.addNetworkList(makeList(['ok'], { name }), { ...rt, ...change }), {
      message: `plugin type="ok" failed (add): ${message}`,
    })
  }
  await assert.rejects(cni.addNetworkList(makeList(['gone']), { ...rt, containerId: '' }), {
    name: 'PluginNotFoundError',
    code: 'ENOENT',
    plugin: 'gone',
    message: 'plugin type="gone" failed (add): failed to find plugin "gone" in path [/bin]',
  })
  assert.deepEqual(executor.calls, [])
})

test('addNetworkList() rejects when it cannot remember', async (t) => {
  const { cni, directory } = setUp(t, { ok: result })
  writeFileSync(join(directory, 'results'), '')
  await assert.rejects(cni.addNetworkList(makeList(['ok']), rt), {
    message: /^failed to set network "net" cached result: /,
  })
})

test('addNetworkList() rejects a list without plugins', async (t) => {
  const { cni } = setUp(t, {})
  await assert.rejects(cni.addNetworkList(networkListFromBytes('{"name":"net"}'), rt), {
    message: 'no plugin configs found',
  })
})

test('checkNetworkList() runs every plugin with the remembered result, to the first that fails', async (t) => {
  const failure = new CniError(7, 'wrong')
  let fails = false
  const bad = () => (fails ? failure : result)
  const { cni, executor } = setUp(t, { first: result, bad, third: result })
  const list = makeList(['first', 'bad', 'third'])
  await cni.addNetworkList(list, rt)
  await cni.checkNetworkList(list, rt)
  assert.deepEqual(executor.log.slice(3), ['CHECK first', 'CHECK bad', 'CHECK third'])
  for (const call of executor.calls.slice(3)) assert.deepEqual(call.config['prevResult'], result)
  fails = true
  await assert.rejects(cni.checkNetworkList(list, rt), {
    name: 'CniError',
    code: 7,
    message: 'plugin type="bad" failed (check): wrong',
    cause: failure,
  })
  assert.deepEqual(executor.log.slice(6), ['CHECK first', 'CHECK bad'])
})

test('checkNetworkList() refuses a list before 0.4.0, disableCheck or not', async (t) => {
  const { cni, executor } = setUp(t, { ok: result })
  const list = makeList(['ok'], { cniVersion: '0.3.1', disableCheck: true })
  const message = 'configuration version "0.3.1" does not support the CHECK command'
  await assert.rejects(cni.checkNetworkList(list, rt), { message })
  await assert.rejects(cni.checkNetworkList(makeList(['ok'], { cniVersion: '' }), rt), /configuration version "" does/)
  await assert.rejects(cni.checkNetworkList(makeList(['ok'], { cniVersion: '1.x' }), rt), SyntaxError)
  await cni.checkNetworkList(makeList(['ok'], { disableCheck: true }), rt)
  assert.deepEqual(executor.calls, [])
})

test('checkNetworkList() goes on without a result that was never remembered, not with one that cannot be read', async (t) => {
  const { cni, executor, file } = setUp(t, { ok: result })
  await cni.checkNetworkList(makeList(['ok']), rt)
  assert.equal(lastPrevResult(executor), undefined)
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, '{"torn')
  await assert.rejects(cni.checkNetworkList(makeList(['ok']), rt), {
    message: 'failed to get network "net" cached result: unexpected end of JSON input',
  })
  await assert.rejects(cni.checkNetworkList(makeList(['ok']), { ...rt, ifName: '' }), {
    message:
      'failed to get network "net" cached result: cache file path requires network name ("net"), ' +
      'container ID ("c1"), and interface name ("")',
  })
})

test('checkNetworkList() converts the remembered result to the version of the list', async (t) => {
  const { cni, executor } = setUp(t, { ok: { cniVersion: '0.3.1', ips: [{ version: '4', address: '10.0.0.5/24' }] } })
  await cni.addNetworkList(makeList(['ok'], { cniVersion: '0.3.1' }), rt)
  await cni.checkNetworkList(makeList(['ok']), rt)
  assert.deepEqual(lastPrevResult(executor), result)
  await assert.rejects(cni.checkNetworkList(makeList(['ok'], { cniVersion: '9.0.0' }), rt), {
    message:
      'failed to get network "net" cached result: failed to convert cached result to config version "9.0.0": ' +
      'no converter for CNI result version 0.3.1 to 9.0.0',
  })
})

test('addNetwork(), checkNetwork() and delNetwork() take name and version from the plugin itself', async (t) => {
  const bytes = '{ "type": "ok", "name": "net", "cniVersion": "1.0.0", "x": 1 }'
  const { cni, executor, file } = setUp(t, { ok: result })
  const plugin = pluginConfFromBytes(bytes)
  assert.deepEqual((await cni.addNetwork(plugin, rt)).cniVersion, '1.0.0')
  assert.equal(executor.calls[0]?.stdin, '{"cniVersion":"1.0.0","name":"net","type":"ok","x":1}')
  assert.equal((await cni.getNetworkCachedConfig(plugin, rt))?.bytes, bytes)
  await cni.checkNetwork(plugin, rt)
  assert.deepEqual(lastPrevResult(executor), result)
  await cni.delNetwork(plugin, rt)
  assert.deepEqual(lastPrevResult(executor), result)
  assert.equal(existsSync(file), false)
})

test('addNetwork(), checkNetwork() and delNetwork() report a failure as the plugin did', async (t) => {
  const failure = new CniError(7, 'no')
  const { cni, file } = setUp(t, { ok: failure })
  const plugin = pluginConfFromBytes('{"type":"ok","name":"net","cniVersion":"1.0.0"}')
  for (const failing of [cni.addNetwork(plugin, rt), cni.checkNetwork(plugin, rt), cni.delNetwork(plugin, rt)]) {
    await assert.rejects(failing, (error) => error === failure)
  }
  await assert.rejects(cni.addNetwork(pluginConfFromBytes('{"type":"ok"}'), rt), { code: 7 })
  await assert.rejects(cni.checkNetwork(pluginConfFromBytes('{"type":"ok","name":"net"}'), rt), /version "" does not/)
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, 'torn')
  await assert.rejects(cni.delNetwork(plugin, rt), (error) => error === failure)
  assert.equal(existsSync(file), false)
})

test('every method rejects with the reason of an aborted signal, unwrapped', async (t) => {
  const reason = new Error('enough')
  const controller = new AbortController()
  const slow = () => {
    controller.abort(reason)
    return result
  }
  const { cni, executor, file } = setUp(t, { ok: slow, never: result })
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(join(dirname(file), 'other'), '')
  const list = makeList(['ok', 'never'], { cniVersion: '1.1.0' })
  const plugin = pluginConfFromBytes('{"type":"never","name":"net","cniVersion":"1.1.0"}')
  const { signal } = controller
  await assert.rejects(cni.addNetworkList(list, rt, { signal }), (error) => error === reason)
  const calls = [
    () => cni.checkNetworkList(list, rt, { signal }),
    () => cni.delNetworkList(list, rt, { signal }),
    () => cni.addNetwork(plugin, rt, { signal }),
    () => cni.checkNetwork(plugin, rt, { signal }),
    () => cni.delNetwork(plugin, rt, { signal }),
    () => cni.gcNetworkList(list, undefined, { signal }),
    () => cni.getStatusNetworkList(list, { signal }),
    () => cni.validateNetworkList(list, { signal }),
    () => cni.validateNetwork(plugin, { signal }),
    () => cni.getVersionInfo('never', { signal }),
    () => cni.getCachedAttachments('', { signal }),
  ]
  for (const call of calls) await assert.rejects(call(), (error) => error === reason)
  assert.deepEqual(executor.log, ['ADD ok'])
})

test('every method rejects with that reason whatever a plugin in this process says of being cut short', async (t) => {
  const reason = new Error('enough')
  let controller = new AbortController()
  const cutShort = () => {
    controller.abort(reason)
    return Promise.reject(new Error('cut short'))
  }
  const slow: Plugin = { name: 'slow', add: cutShort, check: cutShort, del: cutShort, gc: cutShort, status: cutShort }
  const cni = new Cni({ path: ['/'], executor: inProcessExecutor({ slow }), cacheDir: scratch(t) })
  const list = makeList(['slow'], { cniVersion: '1.1.0' })
  const plugin = pluginConfFromBytes('{"type":"slow","name":"net","cniVersion":"1.1.0"}')
  const calls: ((options: CallOptions) => Promise<unknown>)[] = [
    (options) => cni.addNetworkList(list, rt, options),
    (options) => cni.checkNetworkList(list, rt, options),
    (options) => cni.delNetworkList(list, rt, options),
    (options) => cni.addNetwork(plugin, rt, options),
    (options) => cni.checkNetwork(plugin, rt, options),
    (options) => cni.delNetwork(plugin, rt, options),
    (options) => cni.gcNetworkList(list, undefined, options),
    (options) => cni.getStatusNetworkList(list, options),
  ]
  for (const call of calls) {
    controller = new AbortController()
    await assert.rejects(call({ signal: controller.signal }), (error) => error === reason, String(call))
  }
})
