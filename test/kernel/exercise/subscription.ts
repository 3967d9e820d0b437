import assert from 'node:assert/strict'
import { closeSync, readdirSync } from 'node:fs'
import { setTimeout as pause, setImmediate as turn } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { Namespace } from '@patchbay/linux/netns'
import { addLink, openRouteSocket, RTNLGRP, setLinkRequest, subscribeRoute } from '@patchbay/linux/route'
import { native } from '@patchbay/linux/sys'

function threads(): number {
  return readdirSync('/proc/self/task').length
}

/** A namespace, and a function that changes something in it as often as told. */
async function withChanges(work: (netns: Namespace, change: (times: number) => Promise<void>) => Promise<void>) {
  using netns = Namespace.create()
  using socket = openRouteSocket({ netns, offThread: true })
  const { index } = await addLink(socket, { ifname: 'b0', linkinfo: { link: { kind: 'bridge' } } })
  let mtu = 0
  await work(netns, async (times) => {
    await socket.request(Array.from({ length: times }, () => setLinkRequest(index, { mtu: 1300 + (mtu++ % 2) })))
  })
}

/** Subscriptions that come and go while notifications pour in, ended from outside, from their callback, and twice. */
export async function exerciseStorm(): Promise<void> {
  const before = threads()
  await withChanges(async (netns, change) => {
    for (let round = 0; round < 40; round++) {
      const open = Array.from({ length: 5 }, () => {
        const subscription = subscribeRoute({ netns, groups: [RTNLGRP.LINK] }, () => {
          if (round % 3 === 0) subscription.close()
        })
        return subscription
      })
      const changed = change(20)
      if (round % 2 === 0) await changed
      if (round % 4 === 0) await turn()
      for (const subscription of open) subscription.close()
      await changed
      for (const subscription of open) subscription.close()
    }
  })
  await pause(20)
  assert.equal(threads(), before)
}

/** A flood while the callback is busy, then an end while the reader waits for room in the queue. */
export async function exerciseFullQueue(): Promise<void> {
  await withChanges(async (netns, change) => {
    let heard = 0
    const subscription = subscribeRoute({ netns, groups: [RTNLGRP.LINK] }, () => heard++)
    const changed = [change(400), change(400), change(400), change(400)]
    const until = performance.now() + 200
    while (performance.now() < until);
    subscription.close()
    await Promise.all(changed)
    assert.equal(heard, 0)
  })
}

/** Handles that were forgotten: the collector ends their threads, whether unsubscribed or not. */
export async function exerciseCollection(collect: () => void): Promise<void> {
  const before = threads()
  const forget = (unsubscribed: boolean): number => {
    const fd = native().socketIn(-1, 16, 3, 0)
    const handle = native().subscribe(fd, () => {})
    if (typeof handle === 'number') return assert.fail(`subscribe: ${handle}`)
    if (unsubscribed) native().unsubscribe(handle)
    return fd
  }
  const descriptors = Array.from({ length: 40 }, (_, number) => forget(number % 2 === 0))
  for (let round = 0; round < 50 && threads() > before; round++) {
    collect()
    await pause(5)
  }
  assert.equal(threads(), before)
  for (const fd of descriptors) closeSync(fd)
}

/** Buffers that only a call under way refers to stay until it ends. */
export async function exercisePendingBuffers(collect: () => void): Promise<void> {
  await withChanges(async (netns, change) => {
    const listeners = Array.from({ length: 3 }, () => openRouteSocket({ netns, groups: [RTNLGRP.LINK] }))
    const lengths = listeners.map(({ fd }) => native().receiveAsync(fd, new Uint8Array(65536), 60_000))
    for (let round = 0; round < 10; round++) {
      collect()
      await turn()
    }
    await change(1)
    for (const length of await Promise.all(lengths)) assert.ok(length > 0, `received ${length}`)
    for (const listener of listeners) listener.close()
  })
}

/** A subscription on a descriptor that is closed tells so once, and still ends. */
export async function exerciseClosedSubscription(): Promise<void> {
  for (const fd of [-1, 2 ** 31 - 1]) {
    const heard: unknown[] = []
    const handle = native().subscribe(fd, (datagram) => heard.push(datagram))
    await pause(20)
    if (typeof handle === 'number') continue
    native().unsubscribe(handle)
    native().unsubscribe(handle)
    assert.ok(heard.length <= 1)
  }
}

/** Threads that end, or are ended, with a subscription open and calls under way on the pool. */
export async function exerciseWorkers(addon: string): Promise<void> {
  for (const ending of ['exit', 'terminate', 'terminate-busy'] as const) {
    for (let round = 0; round < 3; round++) {
      const worker = new Worker(new URL('worker.js', import.meta.url), { workerData: { addon, ending } })
      await new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject))
      if (ending === 'exit') await new Promise((resolve) => worker.once('exit', resolve))
      else await worker.terminate()
    }
  }
}
