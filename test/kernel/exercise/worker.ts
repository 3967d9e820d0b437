import { parentPort, workerData } from 'node:worker_threads'
import { Namespace } from '@patchbay/linux/netns'
import { addLink, openRouteSocket, RTNLGRP, setLinkRequest, subscribeRoute } from '@patchbay/linux/route'
import { native, useNativeAddon } from '@patchbay/linux/sys'

const { addon, ending }: { addon: string; ending: string } = workerData
useNativeAddon(addon)
const netns = Namespace.create()
const socket = openRouteSocket({ netns })
const { index } = await addLink(socket, { ifname: 'b0', linkinfo: { link: { kind: 'bridge' } } })
subscribeRoute({ netns, groups: [RTNLGRP.LINK] }, () => {})
const waiting = native().receiveAsync(openRouteSocket({ netns }).fd, new Uint8Array(16), 100)
// No message, so that no answer comes: the thread waits for one when the worker has ended.
native().exchangeLong(openRouteSocket({ netns }).fd, new Uint8Array(16), new Uint8Array(70_000), 100)
await socket.request(Array.from({ length: 50 }, (_, number) => setLinkRequest(index, { mtu: 1300 + number })))
parentPort?.postMessage('ready')
if (ending === 'terminate-busy') for (;;);
await waiting
if (ending === 'exit') process.exit(0)
