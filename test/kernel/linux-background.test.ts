import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type BackgroundWork, threadBackground } from '@patchbay/linux/netlink'
import { Nftables } from '@patchbay/linux/nftables'
import { addLink, deleteLinkAnnounced, getLink, openRouteSocket, RTNLGRP } from '@patchbay/linux/route'
import { eventually, openDescriptors, withNamespaces } from '../lab/namespace-fixture.ts'

/** Says what it was told, and works on threads. */
function recordingBackground(): { background: BackgroundWork; told: string[] } {
  const told: string[] = []
  const background: BackgroundWork = {
    send(fd, request, calls) {
      told.push('send')
      return threadBackground.send(fd, request, calls)
    },
    expectSlowClose: () => void told.push('expect slow close'),
    markSlowClose: () => void told.push('mark slow close'),
    close(fd, calls) {
      told.push('close')
      threadBackground.close(fd, calls)
    },
  }
  return { background, told }
}

test('NetlinkSocket leaves to its own background what nobody waits for, and that of another hears nothing', () =>
  withNamespaces(['host'], async ({ host }) => {
    const before = openDescriptors()
    const rules = recordingBackground()
    const links = recordingBackground()
    const table = { family: 'inet', name: 'mine' } as const
    {
      using nft = Nftables.open({ netns: host.netns, background: rules.background })
      using socket = openRouteSocket({ netns: host.netns, groups: [RTNLGRP.LINK], background: links.background })
      await nft.transaction((batch) => batch.addTable(table))
      assert.deepEqual(rules.told, ['expect slow close'])
      await nft.transaction((batch) => batch.deleteTable(table))
      await addLink(socket, { ifname: 'br0', linkinfo: { link: { kind: 'bridge' } } })
      await deleteLinkAnnounced(socket, await getLink(socket, 'br0')).gone
    }
    await eventually(() => openDescriptors() === before, 'the end of both')
    assert.deepEqual(rules.told, ['expect slow close', 'mark slow close', 'close'])
    assert.deepEqual(links.told, ['send'])
  }))
