import assert from 'node:assert/strict'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { CniError } from '../../src/types/index.ts'
import { lastPrevResult, makeList, result, rt, setUp } from './scene.ts'

test('delNetworkList() runs the plugins backwards with the remembered result, then forgets it', async (t) => {
  const { cni, executor, file } = setUp(t, { first: result, second: result })
  const list = makeList(['first', 'second'])
  await cni.addNetworkList(list, rt)
  await cni.delNetworkList(list, { ...rt, netns: '' })
  assert.deepEqual(executor.log.slice(2), ['DEL second', 'DEL first'])
  for (const call of executor.calls.slice(2)) assert.deepEqual(call.config['prevResult'], result)
  assert.equal(existsSync(file), false)
  await cni.delNetworkList(list, rt)
  assert.equal(lastPrevResult(executor), undefined)
})

test('delNetworkList() gives a list before 0.4.0 no result, and forgets it all the same', async (t) => {
  const { cni, executor, file } = setUp(t, {
    ok: { cniVersion: '0.3.1', ips: [{ version: '4', address: '10.0.0.5/24' }] },
  })
  const list = makeList(['ok'], { cniVersion: '0.3.1' })
  await cni.addNetworkList(list, rt)
  await cni.delNetworkList(list, rt)
  assert.equal(lastPrevResult(executor), undefined)
  assert.equal(existsSync(file), false)
})

test('delNetworkList() runs all plugins although some fail, says so, and forgets nothing', async (t) => {
  const [early, late] = [new CniError(11, 'early'), new CniError(999, 'late', { details: 'more' })]
  const failing = (error: Error) => (call: { command: string }) => (call.command === 'ADD' ? result : error)
  const { cni, executor, file } = setUp(t, { a: result, b: failing(late), c: result, d: failing(early) })
  const list = makeList(['a', 'b', 'c', 'd'])
  await cni.addNetworkList(list, rt)
  const message = 'plugin type="d" failed (delete): early'
  await assert.rejects(cni.delNetworkList(list, rt), (error) => {
    assert.ok(error instanceof AggregateError)
    assert.deepEqual([error.message, error.cause], [message, early])
    assert.deepEqual(
      error.errors.map(({ message, code, cause }: CniError) => [message, code, cause]),
      [
        [message, 11, early],
        ['plugin type="b" failed (delete): late; more', 999, late],
      ],
    )
    return true
  })
  assert.deepEqual(executor.log.slice(4), ['DEL d', 'DEL c', 'DEL b', 'DEL a'])
  assert.equal(existsSync(file), true)
  await assert.rejects(cni.delNetworkList(makeList(['a', 'gone']), rt), {
    name: 'PluginNotFoundError',
    message: 'plugin type="gone" failed (delete): failed to find plugin "gone" in path [/bin]',
  })
  assert.equal(executor.log.at(-1), 'DEL a')
})

test('delNetworkList() removes a cache file that cannot be decoded and goes on without', async (t) => {
  const { cni, executor, file } = setUp(t, { ok: result })
  mkdirSync(dirname(file), { recursive: true })
  for (const text of [
    '',
    '{"kind":"cniCacheV1","containerId":"c1',
    '[]',
    '{"cniVersion":"9"}',
    '\0\0',
    '{"kind":"cniCacheV1","result":{"cniVersion":"1.0.0","ips":1}}',
  ]) {
    writeFileSync(file, text)
    await cni.delNetworkList(makeList(['ok']), rt)
    assert.equal(lastPrevResult(executor), undefined, text)
    assert.equal(existsSync(file), false, text)
  }
  mkdirSync(file)
  await cni.delNetworkList(makeList(['ok']), rt)
})

test('delNetworkList() leaves names that are no names to the plugin and stays in its directory', async (t) => {
  const { cni, executor, directory } = setUp(t, { ok: result })
  mkdirSync(join(directory, 'results/net-..'), { recursive: true })
  const outside = join(directory, 'outside-c1-eth0')
  writeFileSync(outside, JSON.stringify(result))
  await cni.delNetworkList(makeList(['ok'], { name: '../outside' }), rt)
  await cni.delNetworkList(makeList(['ok']), { ...rt, containerId: './../outside-c1' })
  await cni.delNetworkList(makeList(['ok']), { ...rt, containerId: '', ifName: '\0' })
  assert.deepEqual(executor.log, ['DEL ok', 'DEL ok', 'DEL ok'])
  assert.ok(executor.calls.every(({ config }) => config['prevResult'] === undefined))
  assert.equal(existsSync(outside), true)
})

test('delNetworkList() hands on a result from before the cache had a format of its own', async (t) => {
  const { cni, executor, file } = setUp(t, { ok: result })
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, '{ "cniVersion": "0.4.0", "ips": [{ "version": "4", "address": "10.0.0.5/24" }] }')
  await cni.delNetworkList(makeList(['ok']), rt)
  assert.deepEqual(lastPrevResult(executor), result)
  assert.equal(existsSync(file), false)
})
