import assert from 'node:assert/strict'
import { test } from 'node:test'
import { validateInterfaceName } from '@patchbay/cni/types'
import { type NetlinkSocket, NLM_F } from '@patchbay/linux/netlink'
import { addLink, addLinkRequest, deleteLink, linkSummary, listLinks } from '@patchbay/linux/route'
import { SystemError } from '@patchbay/linux/sys'
import { bridge } from '@patchbay/plugins/bridge'
import { type TestNamespace, withNamespaces } from '../lab/namespace-fixture.ts'
import { withLab } from '../lab/plugin-lab.ts'
import { assertShows, ipJsonOne, linkNames, runIn } from '../lab/witness.ts'

/** A name for each character of Latin-1 and for a character with each second byte of UTF-8, and names that are special. */
const names = [
  ...Array.from({ length: 0xff }, (_, code) => `a${String.fromCodePoint(code + 1)}b`),
  ...['eth%d', '%d', 'a%', '%s', 'all', 'default', 'lo', '.', '..', '...', '-', '0', 'a\u3000', '\u2028', '\u{1f600}'],
  ...['123456789012345', '1234567890123456', 'é'.repeat(7), 'é'.repeat(8)],
]

/** White space to Unicode, and thus to the reference; not to the kernel. */
const moreThanTheKernel = /[\u0085\u00a0\u2028\u3000]/

function isValid(name: string): boolean {
  try {
    validateInterfaceName(name)
    return true
  } catch {
    return false
  }
}

/** Whether the kernel makes a link of that very name; it is deleted again. */
async function isMade({ path, socket }: TestNamespace, name: string): Promise<boolean> {
  const index = await make(socket, name)
  if (index === undefined) return false
  const isThere = runIn({ path }, 'cat', '/proc/net/dev')
    .split(/\n */)
    .some((line) => line.startsWith(`${name}:`))
  await deleteLink(socket, index)
  return isThere
}

/** The index of a new link; `undefined` when the kernel refuses the name, changes it, or cannot be asked for it. */
async function make(socket: NetlinkSocket, ifname: string): Promise<number | undefined> {
  try {
    return (await addLink(socket, { ifname, linkinfo: { link: { kind: 'bridge' } } })).index
  } catch (error) {
    // A kernel that does not answer in time has not refused.
    if (error instanceof SystemError) throw error
    await deleteOthers(socket)
    return undefined
  }
}

/** Kernels before 6.2 do not say which name they chose under a template: that link would be in the way of a later name. */
async function deleteOthers(socket: NetlinkSocket): Promise<void> {
  for (const { index, ifname } of await listLinks(socket)) if (ifname !== 'lo') await deleteLink(socket, index)
}

test('validateInterfaceName() accepts the names that the kernel takes and keeps, for all but white space of Unicode', () =>
  withNamespaces(['host'], async ({ host }) => {
    for (const name of names) {
      const expected = name === 'lo' || (!moreThanTheKernel.test(name) && (await isMade(host, name)))
      assert.equal(isValid(name), expected, JSON.stringify(name))
    }
  }))

for (const [what, keys, key] of [
  ['a template', { bridge: 'br%d' }, 'Cannot name a link "br%d" (key "bridge"): interface name contains %'],
  ['all interfaces', { bridge: 'all' }, 'Cannot name a link "all" (key "bridge"): interface name is all or default'],
  ['a name with NUL', { bridge: 'br\0x' }, 'Cannot name a link "br\0x" (key "bridge"): interface name contains a char'],
  [
    'too long a name',
    { bridge: 'b'.repeat(16) },
    `Cannot name a link "${'b'.repeat(16)}" (key "bridge"): interface na`,
  ],
  [
    'too long a name with its VLAN',
    { bridge: 'b'.repeat(14), vlan: 5 },
    `Cannot name a link "${'b'.repeat(14)}.5" (key "bridge"): interface name is too long`,
  ],
] as const)
  test(`bridge ADD refuses ${what} for the bridge, makes nothing, and DEL succeeds`, () =>
    withLab(async (lab) => {
      const config = { isGateway: true, ipam: { type: 'ipam' }, ...keys }
      const { status, document } = await lab.call(bridge, 'ADD', config)
      assert.deepEqual([status, document['code']], [1, 7])
      assert.ok(String(document['msg']).startsWith(key), String(document['msg']))
      assert.deepEqual([linkNames(lab.host), linkNames(lab.container), lab.calls], [['lo'], ['lo'], []])
      await lab.del(bridge, config)
      assert.deepEqual(lab.calls, ['DEL ipam'])
    }))

test('bridge ADD refuses a template for the interface of the container, and DEL under it releases the addresses', () =>
  withLab(async (lab) => {
    const config = { ipam: { type: 'ipam' } }
    const { document } = await lab.call(bridge, 'ADD', config, { ifName: 'eth%d' })
    assert.deepEqual([document['code'], document['msg']], [4, 'interface name contains %'])
    assert.deepEqual([linkNames(lab.host), linkNames(lab.container), lab.calls], [['lo'], ['lo'], []])
    await lab.del(bridge, config, { ifName: 'eth%d' })
    assert.deepEqual(lab.calls, ['DEL ipam'])
  }))

test('addLink() returns the name that the kernel chose for a template, and refuses one for a port', () =>
  withNamespaces(['host'], async ({ host: { path, socket } }) => {
    const linkinfo = { link: { kind: 'bridge' } } as const
    await addLink(socket, { ifname: 'br0', linkinfo })
    if (await echoesLinks(socket)) {
      const { ifname, index } = await addLink(socket, { ifname: 'br%d', linkinfo })
      assertShows(ipJsonOne({ path }, 'link', 'show', 'br1'), { ifname: ifname ?? '', ifindex: index })
    }
    await assert.rejects(addLink(socket, { ifname: 'br%d', master: 1, linkinfo }), {
      name: 'TypeError',
      message: /^Cannot return the link "br%d": the kernel does not say/,
    })
  }))

/** Kernels do since 6.2. */
async function echoesLinks(socket: NetlinkSocket): Promise<boolean> {
  const linkinfo = { link: { kind: 'bridge' } } as const
  return (await socket.request(addLinkRequest({ ifname: 'echo0', linkinfo }, NLM_F.ECHO), linkSummary)).length > 0
}
