import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MAC, parseIP } from '@patchbay/address'
import {
  addLink,
  addNeighbour,
  deleteNeighbour,
  listNeighbours,
  NTF,
  NUD,
  replaceNeighbour,
} from '@patchbay/linux/route'
import { type TestNamespace, withNamespaces } from '../lab/namespace-fixture.ts'
import { assertShows, ip, ipJson } from '../lab/witness.ts'

const rows = [
  ['10.0.0.7', '02:00:00:00:00:07'],
  ['fd00::7', '02:00:00:00:00:08'],
] as const

async function veth({ socket }: TestNamespace, ifname: string): Promise<number> {
  return (await addLink(socket, { ifname, up: true, linkinfo: { link: { kind: 'veth' } } })).index
}

function neighboursOf(place: TestNamespace, ifname: string): ReturnType<typeof ipJson> {
  return ipJson(place, 'neigh', 'show', 'dev', ifname, 'nud', 'all').filter(
    ({ state }) => !String(state).includes('NOARP'),
  )
}

test('addNeighbour() makes a permanent entry, and fails with EEXIST where there is one', () =>
  withNamespaces(['host'], async ({ host }) => {
    const index = await veth(host, 'v0')
    for (const [address, lladdr] of rows) {
      const neighbour = { index, dst: parseIP(address), lladdr: MAC.parse(lladdr) }
      await addNeighbour(host.socket, neighbour)
      await assert.rejects(addNeighbour(host.socket, neighbour), { operation: 'RTM_NEWNEIGH', code: 'EEXIST' })
    }
    assertShows(
      neighboursOf(host, 'v0'),
      rows.map(([dst, lladdr]) => ({ dst, lladdr, state: ['PERMANENT'] })),
    )
  }))

test('replaceNeighbour() makes an entry, and puts another in its place', () =>
  withNamespaces(['host'], async ({ host }) => {
    const index = await veth(host, 'v0')
    const dst = parseIP('10.0.0.7')
    for (const lladdr of ['02:00:00:00:00:01', '02:00:00:00:00:02']) {
      await replaceNeighbour(host.socket, { index, dst, lladdr: MAC.parse(lladdr), flags: NTF.ROUTER })
      assertShows(neighboursOf(host, 'v0'), [{ dst: '10.0.0.7', lladdr, state: ['PERMANENT'], router: null }])
    }
  }))

test('deleteNeighbour() takes an entry, and fails with ENOENT when there is none', () =>
  withNamespaces(['host'], async ({ host }) => {
    const index = await veth(host, 'v0')
    for (const [address, lladdr] of rows) {
      ip(host, 'neigh', 'add', address, 'lladdr', lladdr, 'dev', 'v0')
      await deleteNeighbour(host.socket, { index, dst: parseIP(address) })
      await assert.rejects(deleteNeighbour(host.socket, { index, dst: parseIP(address) }), {
        operation: 'RTM_DELNEIGH',
        code: 'ENOENT',
      })
    }
    assert.deepEqual(neighboursOf(host, 'v0'), [])
  }))

test('listNeighbours() lists the entries of all links or one, of both IP versions or one', () =>
  withNamespaces(['host'], async ({ host }) => {
    const [first, second] = [await veth(host, 'a'), await veth(host, 'b')]
    for (const dev of ['a', 'b'])
      for (const [address, lladdr] of rows) ip(host, 'neigh', 'add', address, 'lladdr', lladdr, 'dev', dev)
    const list = async (filter: Parameters<typeof listNeighbours>[1]) =>
      (await listNeighbours(host.socket, filter))
        .filter(({ state }) => state === NUD.PERMANENT)
        .map(({ index, dst, lladdr }) => [index, String(dst), String(lladdr)])
        .sort()
    const expected = (index: number) => rows.map((row) => [index, ...row])
    assert.deepEqual(await list({ index: first }), expected(first))
    assert.deepEqual(await list({ index: second, family: 6 }), expected(second).slice(1))
    assert.deepEqual(await list({}), [...expected(first), ...expected(second)])
  }))
