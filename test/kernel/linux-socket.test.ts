import assert from 'node:assert/strict'
import { fstatSync } from 'node:fs'
import { test } from 'node:test'
import { parseCIDR } from '@patchbay/address'
import { NetlinkSocket, NLM_F } from '@patchbay/linux/netlink'
import { littleEndian } from '@patchbay/linux/netlink/raw'
import {
  addAddressRequest,
  addLink,
  addLinkRequest,
  deleteLink,
  findLink,
  getLink,
  getLinkRequest,
  linkSummary,
  listLinks,
  openRouteSocket,
  RTNLGRP,
  setLink,
  setLinkRequest,
} from '@patchbay/linux/route'
import { errno, native } from '@patchbay/linux/sys'
import { openDescriptors, type TestNamespace, withNamespaces } from '../lab/namespace-fixture.ts'
import { assertShows, hasLink, ip, ipJson, ipJsonOne, linkNames, runIn } from '../lab/witness.ts'

/** `<asm-generic/socket.h>` */
const SOL_SOCKET = 1
const SO_RCVBUF = 8

const bridge = { link: { kind: 'bridge' } } as const

for (const offThread of [false, true]) {
  const mode = offThread ? 'off the thread' : 'on the thread'

  test(`NetlinkSocket keeps the answers of 200 concurrent calls apart, ${mode}`, () =>
    withNamespaces(['host'], async ({ host }) => {
      for (let number = 0; number < 20; number++) ip(host, 'link', 'add', `b${number}`, 'type', 'bridge')
      using socket = openRouteSocket({ netns: host.netns, offThread })
      const answers = Array.from({ length: 200 }, async (_, number) => {
        const name = `b${number % 20}`
        if (number % 5 === 0) return assert.equal((await listLinks(socket)).length, 21)
        if (number % 5 === 1) return assert.equal(await findLink(socket, `none${number}`), undefined)
        if (number % 5 === 2)
          return assert.rejects(addLink(socket, { ifname: name, linkinfo: bridge }), { code: 'EEXIST' })
        return assert.equal((await getLink(socket, name)).ifname, name)
      })
      await Promise.all(answers)
    }))

  test(`NetlinkSocket sends many requests in one go and says which was refused, ${mode}`, () =>
    withNamespaces(['host'], async ({ host }) => {
      using socket = openRouteSocket({ netns: host.netns, offThread })
      const requests = ['a', 'b', 'a', 'c'].map((ifname) => addLinkRequest({ ifname, linkinfo: bridge }))
      await assert.rejects(socket.request(requests), { operation: 'RTM_NEWLINK', code: 'EEXIST', position: 2 })
      assert.deepEqual(linkNames(host), ['a', 'b', 'c', 'lo'])
      await socket.request([])
    }))

  test(`NetlinkSocket.getEach() gives objects in the order of the requests, ${mode}`, () =>
    withNamespaces(['host'], async ({ host }) => {
      for (const name of ['a', 'b', 'c']) ip(host, 'link', 'add', 'name', name, 'type', 'bridge')
      using socket = openRouteSocket({ netns: host.netns, offThread })
      const namesOf = async (...names: string[]) =>
        (await socket.getEach(names.map(getLinkRequest), linkSummary)).map(({ ifname }) => ifname)
      assert.deepEqual(await namesOf('c', 'a', 'b', 'a'), ['c', 'a', 'b', 'a'])
      assert.deepEqual(await Promise.all([namesOf('b', 'c'), namesOf('a')]), [['b', 'c'], ['a']])
      const refused = { operation: 'RTM_GETLINK', code: 'ENODEV', position: 1 }
      await assert.rejects(namesOf('a', 'nothing', 'b', 'nowhere'), refused)
      assert.deepEqual(await namesOf(), [])
      assert.deepEqual(await namesOf('lo'), ['lo'])
    }))

  test(`NetlinkSocket.find() gives nothing for what is not there, and fails for another reason, ${mode}`, () =>
    withNamespaces(['host'], async ({ host }) => {
      using socket = openRouteSocket({ netns: host.netns, offThread })
      const find = (name: string) => socket.find(getLinkRequest(name), linkSummary, errno.ENODEV)
      const [lo, nothing] = await Promise.all([find('lo'), find('nothing')])
      assert.deepEqual([lo?.ifname, nothing], ['lo', undefined])
      const otherwise = socket.find(getLinkRequest('nothing'), linkSummary, errno.ENOENT)
      await assert.rejects(otherwise, { operation: 'RTM_GETLINK', code: 'ENODEV' })
    }))

  test(`NetlinkSocket.requestSlow() gives what the kernel echoes, ${mode}`, () =>
    withNamespaces(['host'], async ({ host }) => {
      using socket = openRouteSocket({ netns: host.netns, offThread })
      const request = addLinkRequest({ ifname: 'b0', linkinfo: bridge }, NLM_F.ECHO)
      const [made] = await socket.requestSlow(request, linkSummary)
      // Kernels before 6.2 say nothing.
      if (made) assert.equal(made.index, ipJsonOne(host, 'link', 'show', 'b0')['ifindex'])
      await assert.rejects(socket.requestSlow(request, linkSummary), { code: 'EEXIST' })
      assert.equal((await getLink(socket, 'b0')).ifname, 'b0')
    }))

  test(`NetlinkSocket ${offThread ? 'leaves the event loop free' : 'is quick'} while the kernel takes its time, ${mode}`, () =>
    withNamespaces(['host', 'container'], async ({ host, container }) => {
      using socket = openRouteSocket({ netns: host.netns, offThread })
      const { index } = await addLink(socket, { ifname: 'v0', linkinfo: { link: { kind: 'veth' } } })
      let turns = 0
      let running = true
      const count = (): void => {
        turns++
        if (running) setImmediate(count)
      }
      setImmediate(count)
      // Takes the kernel as long as deleting a link does.
      await setLink(socket, index, { netNsFd: container.netns.fd })
      running = false
      assert.ok(offThread ? turns > 5 : turns === 0, `${turns} turns`)
      assert.ok(hasLink(container, 'v0'))
    }))

  test(`NetlinkSocket is usable after an error, ${mode}`, () =>
    withNamespaces(['host'], async ({ host }) => {
      using socket = openRouteSocket({ netns: host.netns, offThread })
      await assert.rejects(getLink(socket, 'nothing'), { code: 'ENODEV', sequence: 1 })
      assert.equal((await getLink(socket, 'lo')).ifname, 'lo')
    }))

  test(`NetlinkSocket.close() lets what is under way end, and refuses the rest, ${mode}`, () =>
    withNamespaces(['host'], async ({ host }) => {
      ip(host, 'link', 'add', 'v0', 'type', 'veth', 'peer', 'name', 'v1')
      const before = openDescriptors()
      const socket = openRouteSocket({ netns: host.netns, offThread })
      const running = deleteLink(socket, 'v0')
      await Promise.resolve()
      await Promise.resolve()
      socket.close()
      const message = 'Cannot use this netlink socket: it is closed'
      await assert.rejects(getLink(socket, 'lo'), { name: 'TypeError', message })
      await running
      assert.deepEqual(linkNames(host), ['lo'])
      socket.close()
      assert.equal(openDescriptors(), before)
    }))
}

test('NetlinkSocket sends more requests in one go than their answers have room for at first', () =>
  withNamespaces(['host'], async ({ host }) => {
    const { index } = await addLink(host.socket, { ifname: 'br0', linkinfo: bridge })
    const addresses = Array.from({ length: 500 }, (_, number) => parseCIDR(`10.7.${number >> 8}.${number & 0xff}/32`))
    await host.socket.request(addresses.map((address) => addAddressRequest({ index, address })))
    const [shown] = ipJson(host, 'address', 'show', 'dev', 'br0')
    assert.equal(Array.isArray(shown?.['addr_info']) && shown['addr_info'].length, 500)
  }))

test('NetlinkSocket sends more bytes in one go than it has room for at first', () =>
  withNamespaces(['host'], async ({ host }) => {
    const { index } = await addLink(host.socket, { ifname: 'br0', linkinfo: bridge })
    // The kernel passes over attributes that it does not know.
    const unknown = new Map([[0x3ff, [new Uint8Array(1000)]]])
    await host.socket.request(
      Array.from({ length: 300 }, (_, number) => setLinkRequest(index, { mtu: 1000 + number, unknown })),
    )
    assertShows(ipJsonOne(host, 'link', 'show', 'br0'), { mtu: 1299 })
  }))

test('NetlinkSocket.receive() gives notifications, undefined when none came, and does not disturb requests', () =>
  withNamespaces(['host'], async ({ host }) => {
    using socket = openRouteSocket({ netns: host.netns, groups: [RTNLGRP.LINK] })
    assert.equal(await socket.receive(0), undefined)
    const notification = socket.receive(5000)
    const requests = Array.from({ length: 20 }, () => getLink(socket, 'lo'))
    ip(host, 'link', 'add', 'br0', 'type', 'bridge')
    assert.deepEqual(
      (await notification)?.map(({ type }) => type),
      [16],
    )
    for (const link of await Promise.all(requests)) assert.equal(link.ifname, 'lo')
  }))

test('NetlinkSocket.receive() reports that notifications were lost, and goes on', () =>
  withNamespaces(['host'], async ({ host }) => {
    const { index } = await addLink(host.socket, { ifname: 'br0', linkinfo: bridge })
    using socket = openRouteSocket({ netns: host.netns, groups: [RTNLGRP.LINK] })
    native().setsockopt(socket.fd, SOL_SOCKET, SO_RCVBUF, 2048)
    await host.socket.request(Array.from({ length: 50 }, (_, number) => setLinkRequest(index, { mtu: 1300 + number })))
    const seen: string[] = []
    for (let more = true; more; ) {
      try {
        more = (await socket.receive(0)) !== undefined
        if (more) seen.push('notification')
      } catch (error) {
        assert.ok(error instanceof Error && 'code' in error && error.code === 'ENOBUFS', String(error))
        seen.push('ENOBUFS')
      }
    }
    assert.ok(seen.includes('ENOBUFS') && seen.includes('notification'), seen.join())
    assert.equal(await socket.receive(0), undefined)
  }))

test('what was decoded stays as it is when the socket is used again', () =>
  withNamespaces(['host'], async ({ host }) => {
    const link = await getLink(host.socket, 'lo')
    const before = structuredClone([link.stats64, link.unknown])
    await addLink(host.socket, { ifname: 'longer-name', mtu: 1300, up: true, linkinfo: bridge })
    await getLink(host.socket, 'longer-name')
    assert.deepEqual([link.stats64, link.unknown], before)
  }))

test('NetlinkSocket sends at once what has nothing to wait for, and in turn what has', () =>
  withNamespaces(['host'], async ({ host }) => {
    using socket = openRouteSocket({ netns: host.netns, groups: [RTNLGRP.NEIGH] })
    const made = socket.request(addLinkRequest({ ifname: 'br0', linkinfo: bridge }))
    assert.ok(hasLink(host, 'br0'))
    await made
    const notification = socket.receive(50)
    const renamed = setLink(socket, 'br0', { mtu: 1300 })
    assertShows(ipJsonOne(host, 'link', 'show', 'br0'), { mtu: 1500 })
    await Promise.all([notification, renamed])
    assertShows(ipJsonOne(host, 'link', 'show', 'br0'), { mtu: 1300 })
  }))

test('NetlinkSocket.open() names the system call that failed', () => {
  const before = openDescriptors()
  assert.throws(() => NetlinkSocket.open(9999), { name: 'SystemError', syscall: 'socket', code: 'EPROTONOSUPPORT' })
  assert.throws(() => NetlinkSocket.open(0, { groups: [2 ** 20] }), { syscall: 'setsockopt', code: 'EINVAL' })
  assert.equal(openDescriptors(), before)
})

test('NetlinkSocket belongs to its namespace, and to this process’s own without one', () =>
  withNamespaces(['host'], async ({ host }) => {
    ip(host, 'link', 'add', 'only-here', 'type', 'bridge')
    using own = openRouteSocket()
    assert.equal(await findLink(own, 'only-here'), undefined)
    assert.equal((await getLink(host.socket, 'only-here')).ifname, 'only-here')
  }))

test('NetlinkSocket outlives the descriptor of its namespace', () =>
  withNamespaces(['host'], async ({ host }) => {
    using socket = openRouteSocket({ netns: host.netns })
    host.netns.close()
    assert.equal((await getLink(socket, 'lo')).ifname, 'lo')
    assert.throws(() => openRouteSocket({ netns: host.netns }), {
      name: 'SystemError',
      syscall: 'socket',
      code: 'EBADF',
    })
  }))

test('NetlinkSocket takes no answer but the kernel’s', () =>
  withNamespaces(['host'], async ({ host }) => {
    const forger = native().socketIn(host.netns.fd, 16, 3, 0)
    const victim = portOf(host, host.socket)
    // What root in a container could send to the socket that was opened there: "sequence 1: EPERM".
    const address = Buffer.from('1000000000000000' + '00000000', 'hex')
    address.writeUInt32LE(victim, 4)
    assert.equal(native().connect(forger, address), 0)
    const forged = Buffer.from(`24000000020000000100000000000000ffffffff${'00'.repeat(16)}`, 'hex')
    assert.equal(native().send(forger, forged), -111)
    assert.equal((await getLink(host.socket, 'lo')).ifname, 'lo')
  }))

test('a thread that waits for a datagram keeps to its time when another thread takes the datagram', () =>
  withNamespaces(['host'], async ({ host }) => {
    const { fd } = host.socket
    // NLMSG_NOOP with NLM_F_REQUEST and NLM_F_ACK: the kernel answers with one datagram.
    const request = Buffer.from('10000000010005000000000000000000', 'hex')
    let endless = 0
    // In one round of ten or so, a second thread is told of the datagram before the first one has taken it.
    for (let round = 0; round < 60; round++) {
      const waiting = Array.from({ length: 4 }, () => native().receiveAsync(fd, new Uint8Array(64), 50))
      await new Promise((resolve) => setTimeout(resolve, 5))
      native().send(fd, request)
      const release = setTimeout(() => {
        endless++
        for (const _ of waiting) native().send(fd, request)
      }, 5000)
      await Promise.all(waiting)
      clearTimeout(release)
      while (native().receive(fd, new Uint8Array(64), 0) > 0);
    }
    assert.equal(endless, 0)
  }))

/** The netlink port of a socket, as the kernel lists it. */
function portOf(place: TestNamespace, socket: NetlinkSocket): number {
  assert.ok(littleEndian)
  const { ino } = fstatSync(socket.fd)
  const line = runIn(place, 'cat', '/proc/thread-self/net/netlink')
    .split('\n')
    .find((each) => each.trim().endsWith(` ${ino}`))
  return Number(line?.trim().split(/\s+/)[2])
}

test('a call on a closed NetlinkSocket leaves descriptors of others alone', () =>
  withNamespaces(['host'], async ({ host }) => {
    const socket = openRouteSocket({ netns: host.netns })
    socket.close()
    // The next descriptor to be given out has the number that the socket had.
    using other = openRouteSocket({ netns: host.netns })
    assert.equal(other.fd, socket.fd)
    await assert.rejects(getLink(socket, 'lo'), { name: 'TypeError' })
    await assert.rejects(socket.receive(0), { name: 'TypeError' })
    assert.equal((await getLink(other, 'lo')).ifname, 'lo')
    fstatSync(other.fd)
  }))
