import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { type NetworkList, networkListFromBytes } from '../../src/config/index.ts'
import { Cni, type RuntimeConf } from '../../src/runtime/index.ts'
import { type FakeAnswer, FakeExecutor } from '../../src/testing/index.ts'
import { scratch } from '../testing/scratch.ts'

/** The attachment that the tests are about. */
export const rt: RuntimeConf = { containerId: 'c1', netns: '/run/netns/x', ifName: 'eth0' }

/** What a plugin prints, in the version of the list. */
export const result = { cniVersion: '1.0.0', ips: [{ address: '10.0.0.5/24' }] }

export function makeList(types: readonly string[], more: object = {}): NetworkList {
  const plugins = types.map((type) => ({ type }))
  return networkListFromBytes(JSON.stringify({ cniVersion: '1.0.0', name: 'net', plugins, ...more }))
}

/** Makes a runtime whose plugins answer like this; `file` is where its cache keeps the attachment. */
export function setUp(t: TestContext, answers: Record<string, FakeAnswer>) {
  const directory = scratch(t)
  const executor = new FakeExecutor(answers)
  const cni = new Cni({ path: ['/bin'], cacheDir: directory, executor, env: {} })
  return { cni, executor, directory, file: join(directory, 'results/net-c1-eth0') }
}

/** The `prevResult` that the last call was given. */
export function lastPrevResult({ calls }: FakeExecutor): unknown {
  return calls.at(-1)?.config['prevResult']
}
