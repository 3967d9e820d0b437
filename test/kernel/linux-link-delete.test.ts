import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { dirname } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import {
  addLink,
  addLinkRequest,
  deleteLink,
  deleteLinkAnnounced,
  deleteLinkGroup,
  getLink,
  openRouteSocket,
  RTNLGRP,
} from '@patchbay/linux/route'
import { eventually, openDescriptors, withNamespaces } from '../lab/namespace-fixture.ts'
import { ip, linkNames } from '../lab/witness.ts'

test('deleteLink() takes a veth pair by name or index, both ends', () =>
  withNamespaces(['host', 'container'], async ({ host, container }) => {
    for (const by of ['ifname', 'index'] as const) {
      const data = { peer: { ifname: 'eth0', netNsFd: container.netns.fd } }
      const made = await addLink(host.socket, { ifname: 'v0', linkinfo: { link: { kind: 'veth', data } } })
      assert.deepEqual(
        [linkNames(host), linkNames(container)],
        [
          ['lo', 'v0'],
          ['eth0', 'lo'],
        ],
      )
      await deleteLink(host.socket, by === 'index' ? made.index : 'v0')
      assert.deepEqual([linkNames(host), linkNames(container)], [['lo'], ['lo']])
    }
  }))

test('deleteLink() fails with ENODEV for a link that is not there', () =>
  withNamespaces(['host'], async ({ host }) => {
    for (const name of ['nothing', 4711])
      await assert.rejects(deleteLink(host.socket, name), {
        operation: 'RTM_DELLINK',
        code: 'ENODEV',
        object: name === 'nothing' ? 'link "nothing"' : 'link 4711',
        message: /^RTM_DELLINK \(link .*\): no such device$/,
      })
  }))

test('deleteLink() fails with EOPNOTSUPP for a link that cannot be deleted', () =>
  withNamespaces(['host'], async ({ host }) => {
    await assert.rejects(deleteLink(host.socket, 'lo'), { code: 'EOPNOTSUPP' })
    assert.deepEqual(linkNames(host), ['lo'])
  }))

test('deleteLinkAnnounced() returns when the name is free', () =>
  withNamespaces(['host', 'container'], async ({ host, container }) => {
    const before = openDescriptors()
    const bridge = await addLink(host.socket, { ifname: 'br0', linkinfo: { link: { kind: 'bridge' } } })
    for (let round = 0; round < 10; round++) {
      const data = { peer: { ifname: 'eth0', netNsFd: container.netns.fd } }
      await addLink(host.socket, { ifname: 'v0', master: bridge.index, linkinfo: { link: { kind: 'veth', data } } })
      using socket = openRouteSocket({ netns: host.netns, groups: [RTNLGRP.LINK] })
      const events: string[] = []
      const { asked, gone } = deleteLinkAnnounced(socket, await getLink(socket, 'v0'))
      asked.then(() => events.push('asked'))
      await gone
      assert.deepEqual(linkNames(host), ['br0', 'lo'])
      assert.deepEqual(events, ['asked'])
    }
    assert.deepEqual(linkNames(container), ['lo'])
    await eventually(() => openDescriptors() === before, 'the end of the requests')
  }))

test('deleteLinkAnnounced() fails as deleteLink() does', () =>
  withNamespaces(['host'], async ({ host }) => {
    const before = openDescriptors()
    {
      using socket = openRouteSocket({ netns: host.netns, groups: [RTNLGRP.LINK] })
      for (const [index, code] of [
        [4711, 'ENODEV'],
        [1, 'EOPNOTSUPP'],
      ] as const) {
        const { asked, gone } = deleteLinkAnnounced(socket, { index })
        await asked
        await assert.rejects(gone, { operation: 'RTM_DELLINK', code })
      }
    }
    await eventually(() => openDescriptors() === before, 'the end of the requests')
  }))

test('deleteLinkAnnounced() tells that it was asked, or cannot be, without anyone waiting for its failure', () =>
  withNamespaces(['host'], async ({ host }) => {
    const socket = openRouteSocket({ netns: host.netns, groups: [RTNLGRP.LINK] })
    socket.close()
    const { asked, gone } = deleteLinkAnnounced(socket, { index: 1 })
    await asked
    await new Promise((resolve) => setImmediate(resolve))
    await assert.rejects(gone, { name: 'TypeError' })
  }))

test('deleteLinkAnnounced() waits for the kernel to finish on a socket that does not hear of links', () =>
  withNamespaces(['host'], async ({ host }) => {
    ip(host, 'link', 'add', 'v0', 'type', 'veth', 'peer', 'name', 'v1')
    await deleteLinkAnnounced(host.socket, await getLink(host.socket, 'v0')).gone
    assert.deepEqual(linkNames(host), ['lo'])
  }))

test('deleteLinkAnnounced() lets a program end that leaves the rest to children, with its streams closed', () =>
  withNamespaces(['host'], async ({ host }) => {
    ip(host, 'link', 'add', 'v0', 'type', 'veth', 'peer', 'name', 'v1')
    const program = `
      import { Namespace } from '@patchbay/linux/netns'
      import { ForkedBackground } from '@patchbay/linux/netlink'
      import { deleteLinkAnnounced, getLink, openRouteSocket, RTNLGRP } from '@patchbay/linux/route'
      const netns = Namespace.open('${host.path}')
      const socket = openRouteSocket({ netns, groups: [RTNLGRP.LINK], background: new ForkedBackground() })
      await deleteLinkAnnounced(socket, await getLink(socket, 'v0')).gone
      console.log('gone')`
    const args = ['--input-type=module', '--eval', program]
    const run = spawnSync(process.execPath, args, { cwd: dirname(fileURLToPath(import.meta.url)), encoding: 'utf8' })
    assert.deepEqual([run.status, run.stdout, run.stderr], [0, 'gone\n', ''])
    assert.deepEqual(linkNames(host), ['lo'])
  }))

test('deleteLinkGroup() takes fifty veth pairs and nothing else, with one message', () =>
  withNamespaces(['host'], async ({ host }) => {
    const requests = Array.from({ length: 50 }, (_, number) => {
      const data = { peer: { ifname: `p${number}` } }
      return addLinkRequest({ ifname: `v${number}`, group: 4711, linkinfo: { link: { kind: 'veth', data } } })
    })
    await host.socket.request(requests)
    ip(host, 'link', 'add', 'other', 'group', '4712', 'type', 'bridge')
    assert.equal(linkNames(host).length, 102)
    await deleteLinkGroup(host.socket, 4711)
    assert.deepEqual(linkNames(host), ['lo', 'other'])
    await assert.rejects(deleteLinkGroup(host.socket, 4711), { code: 'ENODEV' })
  }))

test('deleteLinkGroup() never takes group 0, in which every link is at first', () =>
  withNamespaces(['host'], async ({ host }) => {
    ip(host, 'link', 'add', 'v0', 'type', 'veth', 'peer', 'name', 'v1')
    await assert.rejects(deleteLinkGroup(host.socket, 0), { code: 'EPERM' })
    assert.deepEqual(linkNames(host), ['lo', 'v0', 'v1'])
  }))

test('deleteLink() leaves the event loop free', () =>
  withNamespaces(['host'], async ({ host }) => {
    using socket = openRouteSocket({ netns: host.netns })
    for (let number = 0; number < 5; number++)
      ip(host, 'link', 'add', `v${number}`, 'type', 'veth', 'peer', 'name', `p${number}`)
    let turns = 0
    let running = true
    const count = (): void => {
      turns++
      if (running) setImmediate(count)
    }
    count()
    const started = performance.now()
    for (let number = 0; number < 5; number++) await deleteLink(socket, `v${number}`)
    const elapsedMs = performance.now() - started
    running = false
    // On the event loop each deletion would be one turn; beside it, turns go on at their own pace.
    assert.ok(turns > 20, `${turns} turns in ${elapsedMs.toFixed()} ms`)
    assert.deepEqual(linkNames(host), ['lo'])
  }))
