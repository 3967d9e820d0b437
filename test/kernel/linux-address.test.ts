import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseCIDR, parseIP } from '@patchbay/address'
import {
  addAddress,
  addLink,
  deleteAddress,
  IFA_F,
  listAddresses,
  RT_SCOPE,
  standardBroadcast,
} from '@patchbay/linux/route'
import { type TestNamespace, withNamespaces } from '../lab/namespace-fixture.ts'
import { assertShows, ip, ipJson, type Json } from '../lab/witness.ts'

/** The addresses that a link has according to `ip`. */
function addressesOf(place: TestNamespace, ifname: string, family = 'inet'): Json[] {
  const [row] = ipJson(place, '-family', family, 'address', 'show', 'dev', ifname)
  const addresses = row?.['addr_info']
  return Array.isArray(addresses) ? addresses : []
}

async function veth({ socket }: TestNamespace): Promise<number> {
  return (await addLink(socket, { ifname: 'v0', linkinfo: { link: { kind: 'veth' } } })).index
}

test('addAddress() adds IPv4 and IPv6 addresses with all that is said of them', () =>
  withNamespaces(['host'], async ({ host }) => {
    const index = await veth(host)
    const address = parseCIDR('10.1.2.3/24')
    const broadcast = standardBroadcast(address)
    await addAddress(host.socket, {
      index,
      address,
      ...(broadcast && { broadcast }),
      label: 'v0:web',
      scope: RT_SCOPE.LINK,
    })
    await addAddress(host.socket, {
      index,
      address: parseCIDR('10.9.9.9/32'),
      peer: parseIP('10.8.8.8'),
      flags: IFA_F.NOPREFIXROUTE,
    })
    const lifetimes = { preferred: 3000, valid: 4000 }
    await addAddress(host.socket, { index, address: parseCIDR('fd00::1/64'), flags: IFA_F.NODAD, lifetimes })
    assertShows(addressesOf(host, 'v0'), [
      { local: '10.1.2.3', prefixlen: 24, broadcast: '10.1.2.255', label: 'v0:web', scope: 'link' },
      { local: '10.9.9.9', address: '10.8.8.8', prefixlen: 32, noprefixroute: true, scope: 'global' },
    ])
    const [row] = addressesOf(host, 'v0', 'inet6')
    assertShows(row, { local: 'fd00::1', prefixlen: 64, nodad: true, dynamic: true })
    const { valid_life_time: valid, preferred_life_time: preferred } = { ...Object(row) }
    assertLeft(valid, 4000)
    assertLeft(preferred, 3000)
  }))

/** A lifetime in seconds, which runs from the moment that it is set. */
function assertLeft(actual: unknown, set: number): void {
  assert.ok(typeof actual === 'number' && actual > set - 60 && actual <= set, `${actual} of ${set} s are left`)
}

test('addAddress() fails with EEXIST for an address that the link has', () =>
  withNamespaces(['host'], async ({ host }) => {
    const index = await veth(host)
    for (const text of ['10.0.0.1/24', 'fd00::1/64']) {
      const address = parseCIDR(text)
      await addAddress(host.socket, { index, address })
      await assert.rejects(addAddress(host.socket, { index, address }), { operation: 'RTM_NEWADDR', code: 'EEXIST' })
    }
    await assert.rejects(addAddress(host.socket, { index: 4711, address: parseCIDR('10.0.0.2/24') }), {
      code: 'ENODEV',
    })
  }))

test('deleteAddress() takes the address, and fails with EADDRNOTAVAIL when there is none', () =>
  withNamespaces(['host'], async ({ host }) => {
    const index = await veth(host)
    for (const [family, text] of [
      ['inet', '10.0.0.1/24'],
      ['inet6', 'fd00::1/64'],
    ] as const) {
      ip(host, 'address', 'add', text, 'dev', 'v0')
      await deleteAddress(host.socket, { index, address: parseCIDR(text) })
      assert.deepEqual(addressesOf(host, 'v0', family), [])
      await assert.rejects(deleteAddress(host.socket, { index, address: parseCIDR(text) }), {
        operation: 'RTM_DELADDR',
        code: 'EADDRNOTAVAIL',
      })
    }
  }))

test('listAddresses() lists what ip lists, of all links or one, of both IP versions or one', () =>
  withNamespaces(['host'], async ({ host }) => {
    const index = await veth(host)
    ip(host, 'address', 'add', '10.1.2.3', 'peer', '10.1.2.9/24', 'dev', 'v0', 'label', 'v0:x', 'scope', 'link')
    ip(host, 'address', 'add', '10.1.3.3/24', 'broadcast', '+', 'dev', 'v0', 'valid_lft', '500', 'preferred_lft', '400')
    ip(host, 'address', 'add', 'fd00::1/64', 'dev', 'v0', 'nodad')
    ip(host, 'link', 'set', 'lo', 'up')
    const texts = async (filter: Parameters<typeof listAddresses>[1]) =>
      (await listAddresses(host.socket, filter)).map(({ address }) => String(address)).sort()
    assert.deepEqual(await texts({ index }), ['10.1.2.3/24', '10.1.3.3/24', 'fd00::1/64'])
    assert.deepEqual(await texts({ index, family: 6 }), ['fd00::1/64'])
    assert.deepEqual(await texts({ family: 4 }), ['10.1.2.3/24', '10.1.3.3/24', '127.0.0.1/8'])
    assert.deepEqual(await texts({}), ['10.1.2.3/24', '10.1.3.3/24', '127.0.0.1/8', '::1/128', 'fd00::1/64'])
    const [first, second] = await listAddresses(host.socket, { index, family: 4 })
    assert.deepEqual(
      [String(first?.peer), first?.label, first?.scope, first?.lifetimes],
      ['10.1.2.9', 'v0:x', RT_SCOPE.LINK, undefined],
    )
    assert.deepEqual([second?.peer, String(second?.broadcast)], [undefined, '10.1.3.255'])
    assertLeft(second?.lifetimes?.preferred, 400)
    assertLeft(second?.lifetimes?.valid, 500)
  }))

test('listAddresses() fails with ENODEV for a link that is not there', () =>
  withNamespaces(['host'], async ({ host }) => {
    await assert.rejects(listAddresses(host.socket, { index: 4711 }), { operation: 'RTM_GETADDR', code: 'ENODEV' })
  }))

test('listAddresses() lists more addresses than fit into one datagram', () =>
  withNamespaces(['host'], async ({ host }) => {
    const index = await veth(host)
    const added = Array.from({ length: 700 }, (_, number) => `10.7.${number >> 8}.${number & 0xff}/32`)
    for (const text of added) await addAddress(host.socket, { index, address: parseCIDR(text) })
    const dumped = await listAddresses(host.socket, { index, family: 4 })
    assert.deepEqual(
      dumped.map(({ address }) => String(address)),
      added,
    )
  }))
