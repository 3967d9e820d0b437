import { Namespace } from '@patchbay/linux/netns'
import { addLink, openRouteSocket, RTNLGRP, subscribeRoute } from '@patchbay/linux/route'

/** A program whose listener throws, and which does nothing about it; it would go on for ever. */
async function main(): Promise<void> {
  const netns = Namespace.create()
  const socket = openRouteSocket({ netns })
  subscribeRoute({ netns, groups: [RTNLGRP.LINK] }, () => {
    throw new Error('thrown by the listener')
  })
  await addLink(socket, { ifname: 'b0', linkinfo: { link: { kind: 'bridge' } } })
}

const { host } = globalThis as { host?: { main: () => void } }
// In the one-shot executable, what is run now is run when the executable is made.
if (host) host.main = () => void main()
else void main()
