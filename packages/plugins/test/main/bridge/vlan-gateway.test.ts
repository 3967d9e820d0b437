import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CIDR } from '@patchbay/address'
import { NetlinkError, type NetlinkRequest, type NetlinkSocket } from '@patchbay/linux/netlink'
import { Writer } from '@patchbay/linux/netlink/raw'
import { IFF, type LinkSummary } from '@patchbay/linux/route'
import type { OpenNetns } from '../../../src/link/net-context.ts'
import type { Bridge } from '../../../src/main/bridge/bridge-link.ts'
import { loadBridgeConfig } from '../../../src/main/bridge/config.ts'
import { serveGateways } from '../../../src/main/bridge/gateway.ts'
import { fakeRequest } from '../../fake-request.ts'

const EEXIST = 17
const EOPNOTSUPP = 95

/** A host without the VLAN's interface, whose kernel refuses to put ports into VLANs, or has just made the interface. */
function fakeHost({ refuses, errno }: { refuses: string; errno: number }): { host: OpenNetns; requests: string[] } {
  const requests: string[] = []
  let isMade = false
  const send = async (given: NetlinkRequest | NetlinkRequest[]) => {
    for (const request of [given].flat()) {
      requests.push(request.name)
      const w = new Writer()
      request.write(w)
      isMade = true
      if (request.name === refuses) throw new NetlinkError(request.name, errno)
    }
    return []
  }
  const link = { index: 5, ifname: 'cni0.100', flags: 0 }
  const route = {
    request: send,
    requestSlow: send,
    get: async () => link,
    find: async () => (isMade ? link : undefined),
    list: async () => [],
  }
  // Only what is called is there.
  return { host: { netns: { fd: 0 }, route: route as unknown as NetlinkSocket } as unknown as OpenNetns, requests }
}

const config = loadBridgeConfig(fakeRequest({ vlan: 100, isGateway: true, ipam: { type: 'x' } }))
const bridge: Bridge = {
  index: 2,
  ifname: 'cni0',
  flags: 1,
  family: 0,
  type: 1,
  change: 0,
  isNew: false,
  macOrigin: 'unknown',
}
const warn = (line: string) => assert.fail(line)
const gateways = [CIDR.parse('10.1.2.1/24')]

test('serveGateways() leaves no interface of a VLAN that could not be put into it', async () => {
  const { host, requests } = fakeHost({ refuses: 'RTM_SETLINK', errno: EOPNOTSUPP })
  await assert.rejects(serveGateways(host, config, { bridge, gateways, ips: [], warn }), {
    message:
      /^failed to setup vlan tag on interface "veth[0-9a-f]{8}": operation not supported: the kernel lacks VLAN filtering of bridges \(CONFIG_BRIDGE_VLAN_FILTERING\), which "vlan" and "vlanTrunk" need$/,
  })
  assert.deepEqual(requests, ['RTM_NEWLINK', 'RTM_SETLINK', 'RTM_DELLINK'])
})

const PORT = 6
const down: LinkSummary = { index: 5, ifname: 'cni0.100', flags: 0, family: 0, type: 1, change: 0 }

/** What is changed about links, `5 up`, up to the first address, on a host that has this interface of the VLAN and this port. */
async function changesOf(gateway: LinkSummary, port: LinkSummary): Promise<string[]> {
  const changes: string[] = []
  const bodyOf = (request: NetlinkRequest) => {
    const w = new Writer()
    request.write(w)
    return Buffer.from(w.finish())
  }
  const route = {
    find: async (request: NetlinkRequest) => (bodyOf(request).readInt32LE(4) === PORT ? port : gateway),
    get: async () => gateway,
    list: async () => [],
    request: async (given: NetlinkRequest | NetlinkRequest[]) => {
      for (const request of [given].flat()) {
        if (request.name === 'RTM_NEWADDR') throw new NetlinkError(request.name, EOPNOTSUPP)
        changes.push(`${bodyOf(request).readInt32LE(4)} ${request.name === 'RTM_SETLINK' ? 'VLAN' : 'up'}`)
      }
      return []
    },
  }
  // Only what is called is there.
  const host = { netns: { fd: 0 }, route: route as unknown as NetlinkSocket } as unknown as OpenNetns
  await assert.rejects(serveGateways(host, config, { bridge, gateways, ips: [], warn }))
  return changes
}

test('serveGateways() completes the interface of a VLAN that a killed ADD has left, and no other', async () => {
  const own = { ...down, index: PORT, ifname: 'veth0', master: 2 }
  const veth = { link: PORT, linkinfo: { link: { kind: 'veth' } } } as const
  const cases = [
    ['left by a killed ADD', { ...down, ...veth }, own, ['6 VLAN', '6 up', '5 up', '5 up']],
    ['up', { ...down, ...veth, flags: IFF.UP }, own, ['5 up']],
    ['with its port elsewhere', { ...down, ...veth }, { ...own, master: 3 }, ['5 up']],
    ['with its port in a container', { ...down, ...veth, linkNetnsid: 0 }, own, ['5 up']],
    ['of another kind', { ...down, link: PORT, linkinfo: { link: { kind: 'vlan' } } }, own, ['5 up']],
  ] as const
  for (const [what, gateway, port, expected] of cases) assert.deepEqual(await changesOf(gateway, port), expected, what)
})

test('serveGateways() takes the interface of a VLAN that another call has made meanwhile', async () => {
  const { host, requests } = fakeHost({ refuses: 'RTM_NEWLINK', errno: EEXIST })
  // The addresses are put on it, which this kernel refuses, too: the other call has not come that far.
  await assert.rejects(serveGateways(host, config, { bridge, gateways, ips: [], warn }), {
    message: /^failed to set bridge addr: /,
  })
  assert.deepEqual(requests, ['RTM_NEWLINK', 'RTM_NEWLINK'])
})
