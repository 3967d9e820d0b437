import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseIP } from '@patchbay/address'
import { ping } from '@patchbay/linux/packet'
import { addBridge, deleteLink, getLink, openRouteSocket, RTNLGRP, setLink } from '@patchbay/linux/route'
import { linkOperations } from '@patchbay/linux/route/raw'
import { type TestNamespace, withNamespaces } from '../lab/namespace-fixture.ts'
import { runIn } from '../lab/witness.ts'

const HOUR_MS = 3_600_000
/** Far less than what the waits would take. */
const limit = { timeout: 60_000 }
const reason = new Error('the caller is gone')

/** Aborts once the wait that `begin` starts has begun. */
async function abortDuring(begin: (signal: AbortSignal) => Promise<unknown>): Promise<void> {
  const controller = new AbortController()
  const waiting = begin(controller.signal)
  setImmediate(() => controller.abort(reason))
  await assert.rejects(waiting, reason)
}

function openListener({ netns }: TestNamespace) {
  return openRouteSocket({ netns, groups: [RTNLGRP.LINK] })
}

test('receive() ends with the reason of its signal, and the socket goes on', limit, () =>
  withNamespaces(['red'], async ({ red }) => {
    using listener = openListener(red)
    await abortDuring((signal) => listener.receive(HOUR_MS, signal))
    assert.equal((await getLink(listener, 'lo')).ifname, 'lo')
    await abortDuring((signal) => listener.receive(HOUR_MS, signal))
    runIn(red, 'ip', 'link', 'add', 'b0', 'type', 'bridge')
    const news = await listener.receive(HOUR_MS)
    assert.deepEqual(new Set(news?.map(({ type }) => type)), new Set([linkOperations.reply.type]))
  }),
)

test('receive() of an aborted signal does not begin, and takes no notification', limit, () =>
  withNamespaces(['red'], async ({ red }) => {
    using listener = openListener(red)
    await addBridge(red.socket, { ifname: 'b0' })
    await assert.rejects(listener.receive(HOUR_MS, AbortSignal.abort(reason)), reason)
    assert.ok(await listener.receive(0), 'the notification')
  }),
)

test('receive() tells nothing of what has woken an aborted wait that had something else to receive', limit, () =>
  withNamespaces(['red'], async ({ red }) => {
    using listener = openListener(red)
    await addBridge(red.socket, { ifname: 'b0' })
    const controller = new AbortController()
    const waiting = listener.receive(HOUR_MS, controller.signal)
    // The wait begins when this task ends.
    queueMicrotask(() => queueMicrotask(() => controller.abort(reason)))
    await assert.rejects(waiting, reason)
    for (let news = await listener.receive(0); news; news = await listener.receive(0))
      for (const { type } of news) assert.equal(type, linkOperations.reply.type)
  }),
)

test('receive() gives up its place on the thread pool when it is aborted', limit, () =>
  withNamespaces(['red'], async ({ red }) => {
    const listeners = Array.from({ length: 16 }, () => openListener(red))
    const waiting = listeners.map((listener) => abortDuring((signal) => listener.receive(HOUR_MS, signal)))
    await Promise.all(waiting)
    await addBridge(red.socket, { ifname: 'b0' })
    await red.socket.requestSlow([])
    await setLink(red.socket, 'b0', { up: true })
    await deleteLink(red.socket, 'b0')
    for (const listener of listeners) listener.close()
  }),
)

test('ping() ends with the reason of its signal, for both IP versions', limit, () =>
  withNamespaces(['red', 'blue'], async ({ red, blue }) => {
    runIn(red, 'ip', 'link', 'add', 'eth0', 'type', 'veth', 'peer', 'name', 'eth0', 'netns', blue.path)
    for (const [place, address] of [
      [red, '10.9.0.1/24'],
      [red, 'fd09::1/64'],
      [blue, ''],
    ] as const) {
      if (address !== '') runIn(place, 'ip', 'address', 'add', address, 'dev', 'eth0', 'nodad')
      runIn(place, 'ip', 'link', 'set', 'eth0', 'up')
    }
    for (const to of ['10.9.0.2', 'fd09::2'].map(parseIP))
      await abortDuring((signal) => ping({ netns: red.netns, to, timeoutMs: HOUR_MS, signal }))
    await assert.rejects(ping({ to: parseIP('127.0.0.1'), signal: AbortSignal.abort(reason) }), reason)
  }),
)
