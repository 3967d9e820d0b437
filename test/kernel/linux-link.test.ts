import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MAC, parseIP } from '@patchbay/address'
import { readSysctl, writeSysctl } from '@patchbay/linux/netns'
import {
  addLink,
  findLink,
  getLink,
  IF_OPER,
  linkSummary,
  listLinks,
  MACVLAN_MODE,
  setIpv4ConfRequest,
  setLink,
} from '@patchbay/linux/route'
import { ipv4Conf } from '@patchbay/linux/route/raw'
import { withNamespaces } from '../lab/namespace-fixture.ts'
import { assertShows, hasLink, ip, ipJsonOne, linkNames, runIn } from '../lab/witness.ts'

test('addLink() makes a bridge with its settings and returns it as the kernel has it', () =>
  withNamespaces(['host'], async ({ host }) => {
    const data = { forwardDelay: 400, groupFwdMask: 8, mcastSnooping: false, nfCallIptables: true }
    const address = MAC.parse('02:00:00:00:00:b0')
    const linkinfo = { link: { kind: 'bridge', data } } as const
    const made = await addLink(host.socket, { ifname: 'br0', mtu: 1420, address, up: true, linkinfo })
    const shown = ipJsonOne(host, 'link', 'show', 'br0')
    assertShows(shown, {
      mtu: 1420,
      address: '02:00:00:00:00:b0',
      linkinfo: {
        info_kind: 'bridge',
        info_data: { forward_delay: 400, group_fwd_mask: '0x8', mcast_snooping: 0, nf_call_iptables: 1 },
      },
    })
    assert.ok(String(shown['flags']).includes('UP'))
    assert.equal(made.index, shown['ifindex'])
    assert.equal(String(made.address), '02:00:00:00:00:b0')
  }))

test('addLink() makes both ends of a veth pair where they belong', () =>
  withNamespaces(['host', 'container'], async ({ host, container }) => {
    const bridge = await addLink(host.socket, { ifname: 'br0', linkinfo: { link: { kind: 'bridge' } } })
    const peer = { ifname: 'eth0', mtu: 1400, address: MAC.parse('02:00:00:00:00:01'), netNsFd: container.netns.fd }
    const linkinfo = { link: { kind: 'veth', data: { peer } } } as const
    const made = await addLink(host.socket, { ifname: 'veth0', mtu: 1400, up: true, master: bridge.index, linkinfo })
    const end = ipJsonOne(container, 'link', 'show', 'eth0')
    assertShows(end, {
      mtu: 1400,
      address: '02:00:00:00:00:01',
      link_index: made.index,
      linkinfo: { info_kind: 'veth' },
    })
    assertShows(ipJsonOne(host, 'link', 'show', 'veth0'), {
      ifindex: made.index,
      master: 'br0',
      link_index: Number(end['ifindex']),
    })
    assert.equal(made.master, bridge.index)
    assert.equal(made.link, end['ifindex'])
    assert.deepEqual(linkNames(container), ['eth0', 'lo'])
  }))

test('addLink() makes macvlan and vxlan', () =>
  withNamespaces(['host'], async ({ host }) => {
    const lower = await addLink(host.socket, { ifname: 'lower', linkinfo: { link: { kind: 'veth' } } })
    const macvlan = { kind: 'macvlan', data: { mode: MACVLAN_MODE.BRIDGE, bcQueueLen: 77 } } as const
    await addLink(host.socket, { ifname: 'mv0', link: lower.index, linkinfo: { link: macvlan } })
    assertShows(ipJsonOne(host, 'link', 'show', 'mv0'), {
      link: 'lower',
      linkinfo: { info_kind: 'macvlan', info_data: { mode: 'bridge', bcqueuelen: 77 } },
    })
    const data = {
      id: 7,
      link: lower.index,
      port: 4789,
      group: parseIP('239.1.1.1'),
      local: parseIP('10.0.0.1'),
      ttl: 9,
    }
    await addLink(host.socket, { ifname: 'vx0', linkinfo: { link: { kind: 'vxlan', data } } })
    assertShows(ipJsonOne(host, 'link', 'show', 'vx0'), {
      linkinfo: {
        info_kind: 'vxlan',
        info_data: { id: 7, link: 'lower', port: 4789, group: '239.1.1.1', local: '10.0.0.1', ttl: 9 },
      },
    })
  }))

test('addLink() fails with the kernel’s number and words, and makes nothing', () =>
  withNamespaces(['host'], async ({ host }) => {
    const bridge = { link: { kind: 'bridge' } } as const
    await addLink(host.socket, { ifname: 'br0', linkinfo: bridge })
    await assert.rejects(addLink(host.socket, { ifname: 'br0', linkinfo: bridge }), {
      name: 'NetlinkError',
      code: 'EEXIST',
      message: 'RTM_NEWLINK (link "br0"): file exists',
    })
    const unknown = { link: { kind: 'other', name: 'no-such-kind' } } as const
    await assert.rejects(addLink(host.socket, { ifname: 'x0', linkinfo: unknown }), {
      code: 'EOPNOTSUPP',
      message: 'RTM_NEWLINK (link "x0"): operation not supported: Unknown device type',
    })
    await assert.rejects(addLink(host.socket, { ifname: 'sixteen-letters-', linkinfo: bridge }), {
      code: 'ERANGE',
      extack: {
        message: 'Attribute failed policy validation',
        offset: 32,
        path: 'IFLA.ifname',
        policy: { type: 11, maxLength: 15 },
      },
    })
    assert.deepEqual(linkNames(host), ['br0', 'lo'])
  }))

test('addLink() names the attribute of the peer that the kernel refuses', () =>
  withNamespaces(['host'], async ({ host }) => {
    const data = { peer: { ifname: 'sixteen-letters-' } }
    await assert.rejects(addLink(host.socket, { ifname: 'v0', linkinfo: { link: { kind: 'veth', data } } }), {
      code: 'ERANGE',
      message:
        'RTM_NEWLINK (link "v0"): numerical result out of range: Attribute failed policy validation (IFLA.linkinfo.link.data.peer.ifname)',
    })
  }))

test('addLink() refuses to return a link of another namespace, where one of that name may be ours', () =>
  withNamespaces(['host', 'container'], async ({ host, container }) => {
    const linkinfo = { link: { kind: 'bridge' } } as const
    await assert.rejects(addLink(host.socket, { ifname: 'eth0', netNsFd: container.netns.fd, linkinfo }), {
      name: 'TypeError',
      message: 'Cannot return the link "eth0": it is made in another namespace',
    })
    assert.deepEqual(linkNames(container), ['lo'])
  }))

test('getLink() finds a link by index, name and alternative name', () =>
  withNamespaces(['host'], async ({ host }) => {
    ip(host, 'link', 'add', 'v0', 'index', '77', 'type', 'veth', 'peer', 'name', 'v1')
    ip(
      host,
      'link',
      'property',
      'add',
      'dev',
      'v0',
      'altname',
      'a-name-of-more-than-fifteen-letters',
      'altname',
      'short',
    )
    for (const name of [77, 'v0', 'short', 'a-name-of-more-than-fifteen-letters']) {
      const link = await getLink(host.socket, name)
      assert.deepEqual([link.index, link.ifname], [77, 'v0'], `${name}`)
    }
  }))

test('linkSummary describes links of all kinds as ip does', () =>
  withNamespaces(['host', 'container'], async ({ host, container }) => {
    ip(host, 'link', 'add', 'br0', 'up', 'type', 'bridge')
    ip(
      host,
      'link',
      'add',
      'v0',
      'mtu',
      '1400',
      'master',
      'br0',
      'type',
      'veth',
      'peer',
      'eth0',
      'netns',
      container.path,
    )
    ip(host, 'link', 'set', 'v0', 'up')
    ip(host, 'link', 'add', 'ifb0', 'type', 'ifb')
    ip(host, 'link', 'add', 'mv0', 'link', 'ifb0', 'type', 'macvlan')
    for (const ifname of ['lo', 'br0', 'v0', 'ifb0', 'mv0']) {
      const shown = ipJsonOne(host, 'link', 'show', ifname)
      const link = await getLink(host.socket, ifname, { as: linkSummary })
      const operstate = Object.entries(IF_OPER).find(([, number]) => number === link.operstate)?.[0]
      const master = link.master === undefined ? {} : { master: 'br0' }
      const { kind } = { kind: undefined, ...link.linkinfo?.link }
      assertShows(shown, { ifname, ifindex: link.index, mtu: link.mtu ?? 0, operstate: operstate ?? '', ...master })
      assertShows(shown, { address: String(link.address) })
      assert.equal('master' in shown, link.master !== undefined, ifname)
      assert.equal('link' in shown || 'link_index' in shown, link.link !== undefined, ifname)
      assert.equal('link_netnsid' in shown, link.linkNetnsid !== undefined, ifname)
      const name = kind === 'other' ? 'ifb' : kind
      assert.deepEqual(shown['linkinfo'] && (shown['linkinfo'] as Record<string, unknown>)['info_kind'], name, ifname)
      const acceptRa = runIn(host, 'cat', `/proc/sys/net/ipv6/conf/${ifname}/accept_ra`)
      assert.equal(`${link.acceptRa}\n`, acceptRa, ifname)
    }
  }))

test('linkSummary has accept_ra as it is now, and none for a link without IPv6', () =>
  withNamespaces(['host'], async ({ host }) => {
    ip(host, 'link', 'add', 'br0', 'type', 'bridge')
    for (const value of [0, 2, 1, -1]) {
      writeSysctl(host.netns, 'net/ipv6/conf/br0/accept_ra', String(value))
      assert.equal((await findLink(host.socket, 'br0', { as: linkSummary }))?.acceptRa, value)
    }
    // The kernel takes IPv6 from a link whose MTU is below 1280.
    ip(host, 'link', 'set', 'br0', 'mtu', '1000')
    assert.equal((await getLink(host.socket, 'br0', { as: linkSummary })).acceptRa, undefined)
    assert.equal(await findLink(host.socket, 'nothing', { as: linkSummary }), undefined)
  }))

test('addLink() describes the new link as it is asked to', () =>
  withNamespaces(['host'], async ({ host }) => {
    const bridge = { ifname: 'br0', linkinfo: { link: { kind: 'bridge' } } } as const
    const br0 = await addLink(host.socket, bridge, { as: linkSummary })
    const v0 = { ifname: 'v0', master: br0.index, linkinfo: { link: { kind: 'veth' } } } as const
    const made = await addLink(host.socket, v0, { as: linkSummary })
    assertShows(ipJsonOne(host, 'link', 'show', 'v0'), { ifindex: made.index, master: 'br0' })
    assert.deepEqual([br0.linkinfo, made.linkinfo], [{ link: { kind: 'bridge' } }, { link: { kind: 'veth' } }])
  }))

test('getLink() fails with ENODEV where findLink() finds nothing', () =>
  withNamespaces(['host'], async ({ host }) => {
    for (const name of [4711, 'nothing', 'a-name-of-more-than-fifteen-letters']) {
      await assert.rejects(getLink(host.socket, name), { operation: 'RTM_GETLINK', code: 'ENODEV' }, `${name}`)
      assert.equal(await findLink(host.socket, name), undefined)
    }
  }))

test('setLink() changes what it is given and leaves the rest', () =>
  withNamespaces(['host'], async ({ host }) => {
    ip(host, 'link', 'add', 'v0', 'mtu', '1400', 'type', 'veth', 'peer', 'name', 'v1')
    const { index } = await getLink(host.socket, 'v0')
    await setLink(host.socket, 'v0', { up: true, promisc: true, ifalias: 'to c1', txqlen: 9 })
    const up = ipJsonOne(host, 'link', 'show', 'v0')
    assertShows(up, { mtu: 1400, txqlen: 9, ifalias: 'to c1', promiscuity: 1 })
    assert.ok(String(up['flags']).includes('PROMISC,UP'), String(up['flags']))
    await setLink(host.socket, index, { promisc: false, address: MAC.parse('02:00:00:00:00:05') })
    assertShows(ipJsonOne(host, 'link', 'show', 'v0'), { promiscuity: 0, address: '02:00:00:00:00:05', txqlen: 9 })
    await setLink(host.socket, index, { up: false })
    assert.ok(!String(ipJsonOne(host, 'link', 'show', 'v0')['flags']).includes('UP'))
  }))

test('setLink() by index renames, and moves to another namespace', () =>
  withNamespaces(['host', 'container'], async ({ host, container }) => {
    const { index } = await addLink(host.socket, { ifname: 'v0', linkinfo: { link: { kind: 'veth' } } })
    await setLink(host.socket, index, { ifname: 'renamed' })
    assert.ok(hasLink(host, 'renamed') && !hasLink(host, 'v0'))
    await setLink(host.socket, index, { ifname: 'eth0', netNsFd: container.netns.fd })
    assert.deepEqual(linkNames(container), ['eth0', 'lo'])
    assert.ok(!hasLink(host, 'renamed'))
  }))

test('setLink() fails with ENODEV for a link that is not there', () =>
  withNamespaces(['host'], async ({ host }) => {
    await assert.rejects(setLink(host.socket, 'nothing', { up: true }), { code: 'ENODEV' })
    await assert.rejects(setLink(host.socket, 4711, { up: true }), { code: 'ENODEV' })
    assert.deepEqual(linkNames(host), ['lo'])
  }))

test('listLinks() lists all links, those of a bridge, and those of a kind', () =>
  withNamespaces(['host'], async ({ host }) => {
    const bridge = await addLink(host.socket, { ifname: 'br0', linkinfo: { link: { kind: 'bridge' } } })
    for (const ifname of ['a', 'b', 'c'])
      await addLink(host.socket, {
        ifname,
        ...(ifname !== 'c' && { master: bridge.index }),
        linkinfo: { link: { kind: 'veth' } },
      })
    const names = async (filter: Parameters<typeof listLinks>[1]) =>
      (await listLinks(host.socket, filter)).map(({ ifname }) => ifname).sort()
    assert.deepEqual(await names({}), linkNames(host))
    assert.deepEqual(await names({ master: bridge.index }), ['a', 'b'])
    assert.deepEqual(await names({ kind: 'bridge' }), ['br0'])
    assert.equal((await names({ kind: 'veth' })).length, 6)
  }))

test('listLinks() lists more links than fit into one datagram', () =>
  withNamespaces(['host'], async ({ host }) => {
    ip(host, 'link', 'add', 'lower', 'type', 'veth', 'peer', 'name', 'upper')
    const { index } = await getLink(host.socket, 'lower')
    for (let count = 0; count < 60; count++)
      await addLink(host.socket, { ifname: `mv${count}`, link: index, linkinfo: { link: { kind: 'macvlan' } } })
    const links = await listLinks(host.socket)
    assert.deepEqual(links.map(({ ifname }) => ifname).sort(), linkNames(host))
    assert.equal(links.length, 63)
  }))

test('setIpv4ConfRequest() changes the IPv4 setting that it names and no other, as /proc/sys shows them', () =>
  withNamespaces(['host'], async ({ host }) => {
    ip(host, 'link', 'add', 'br0', 'type', 'bridge')
    const { index } = await getLink(host.socket, 'br0', { as: linkSummary })
    const fileOf = (name: string) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
    // Multicast routing is switched on by a routing daemon alone.
    const names = Object.keys(ipv4Conf.table).filter((name) => name !== 'mcForwarding')
    const read = () => new Map(names.map((name) => [name, readSysctl(host.netns, `net/ipv4/conf/br0/${fileOf(name)}`)]))
    for (const name of names) {
      const before = read()
      const value = before.get(name) === '1' ? 0 : 1
      await host.socket.request(setIpv4ConfRequest(index, { [name]: value }))
      assert.deepEqual(read(), new Map([...before, [name, String(value)]]))
    }
  }))
