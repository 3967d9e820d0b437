import assert from 'node:assert/strict'
import { test } from 'node:test'
import { getLink } from '@patchbay/linux/route'
import type * as Port from '../../packages/plugins/src/main/bridge/port.ts'
import { type TestNamespace, withNamespaces } from '../lab/namespace-fixture.ts'
import { ip } from '../lab/witness.ts'

// The package exports plugins alone. The type is that of the very module.
const path = new URL('../../../packages/plugins/dist/src/main/bridge/port.js', import.meta.url).href
const { waitForPort } = (await import(path)) as typeof Port

/** A pair of which one end, `port`, is up and the other, `far`, is down. */
async function withPort(work: (host: TestNamespace & { index: number }) => Promise<void>): Promise<void> {
  await withNamespaces(['host'], async ({ host }) => {
    ip(host, 'link', 'add', 'port', 'type', 'veth', 'peer', 'name', 'far')
    ip(host, 'link', 'set', 'port', 'up')
    await work({ ...host, index: (await getLink(host.socket, 'port')).index })
  })
}

function wait(host: TestNamespace & { index: number }) {
  return waitForPort({ netns: host.netns, route: host.socket, [Symbol.dispose]: () => {} }, host.index)
}

test('waitForPort() returns when a port has come up, and at once for one that is up', () =>
  withPort(async (host) => {
    const waiting = wait(host)
    await new Promise((resolve) => setTimeout(resolve, 100))
    ip(host, 'link', 'set', 'far', 'up')
    const { index, operstate } = await waiting
    assert.deepEqual([index, operstate], [host.index, 6])
    const started = performance.now()
    await wait(host)
    assert.ok(performance.now() - started < 100)
  }))

test('waitForPort() gives up after two and a half seconds, and says what state the port is in', () =>
  withPort(async (host) => {
    const started = performance.now()
    await assert.rejects(wait(host), { message: 'bridge port in error state: lower-layer-down' })
    const took = performance.now() - started
    assert.ok(took >= 2400 && took < 10_000, `${took} ms`)
  }))

test('waitForPort() fails when the port goes away', () =>
  withPort(async (host) => {
    const waiting = assert.rejects(wait(host), { code: 'ENODEV' })
    await new Promise((resolve) => setTimeout(resolve, 100))
    ip(host, 'link', 'delete', 'port')
    await waiting
  }))
