import assert from 'node:assert/strict'
import { chmodSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { networkListFromBytes } from '../../src/config/index.ts'
import { Cni } from '../../src/runtime/index.ts'
import { FakeExecutor } from '../../src/testing/index.ts'
import { scratch } from '../testing/scratch.ts'
import { makeList, rt, setUp } from './scene.ts'

test('the cache file has the bytes of the reference, for its owner only', async (t) => {
  const bytes = '{ "cniVersion": "1.1.0", "name": "net", "plugins": [ {"type":"ok"} ] }\n'
  const answer = { cniVersion: '1.1.0', interfaces: [{ name: 'veth1', mac: '02:00:00:00:00:01' }], ips: [] }
  const directory = join(scratch(t), 'a/b')
  const cni = new Cni({ path: ['/bin'], cacheDir: directory, executor: new FakeExecutor({ ok: answer }), env: {} })
  const full = {
    ...rt,
    args: [
      ['IgnoreUnknown', '1'],
      ['A', 'b'],
    ] as const,
    capabilityArgs: { mac: '<>', foo: { z: 1, a: [] } },
  }
  await cni.addNetworkList(networkListFromBytes(bytes), full)
  const file = join(directory, 'results/net-c1-eth0')
  const config = Buffer.from(bytes).toString('base64')
  const head = `{"kind":"cniCacheV1","containerId":"c1","config":"${config}","ifName":"eth0","networkName":"net"`
  const tail = '"result":{"cniVersion":"1.1.0","interfaces":[{"mac":"02:00:00:00:00:01","name":"veth1"}]}}'
  const args =
    '"cniArgs":[["IgnoreUnknown","1"],["A","b"]],"capabilityArgs":{"foo":{"a":[],"z":1},"mac":"\\u003c\\u003e"}'
  assert.equal(readFileSync(file, 'utf8'), `${head},"netns":"/run/netns/x",${args},${tail}`)
  assert.deepEqual(readdirSync(dirname(file)), ['net-c1-eth0'])
  const modes = [file, dirname(file), directory, dirname(directory)].map((path) => statSync(path).mode & 0o777)
  assert.deepEqual(modes, [0o600, 0o700, 0o700, 0o700])
  chmodSync(file, 0o644)
  await cni.addNetworkList(networkListFromBytes(bytes), { ...rt, netns: '', args: [], capabilityArgs: {} })
  assert.equal(readFileSync(file, 'utf8'), `${head},${tail}`)
  assert.equal(statSync(file).mode & 0o777, 0o600)
})

test('the cache keeps an older result with its keys sorted', async (t) => {
  const old = {
    cniVersion: '0.4.0',
    interfaces: [{ name: 'a', mac: '02:00:00:00:00:01' }],
    ips: [{ version: '4', address: '10.0.0.5/24' }],
  }
  const { cni, file } = setUp(t, { ok: old })
  await cni.addNetworkList(makeList(['ok']), rt)
  assert.match(
    readFileSync(file, 'utf8'),
    /"result":\{"cniVersion":"0.4.0","dns":\{\},"interfaces":\[\{"mac":"02:00:00:00:00:01","name":"a"\}\],"ips":\[\{"address":"10.0.0.5\/24","version":"4"\}\]\}\}$/,
  )
})
