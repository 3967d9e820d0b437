import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CIDR } from '@patchbay/address'
import { NetlinkError, type NetlinkSocket, type Request, Writer } from '@patchbay/linux/netlink'
import type { Bridge } from '../../src/bridge/bridge-link.ts'
import { loadBridgeConfig } from '../../src/bridge/config.ts'
import { serveGateways } from '../../src/bridge/gateway.ts'
import type { Host } from '../../src/hosts.ts'
import { fakeRequest } from '../fake-request.ts'

const EEXIST = 17
const EOPNOTSUPP = 95

/** A host without the VLAN's interface, whose kernel refuses to put ports into VLANs, or has just made the interface. */
function fakeHost({ refuses, errno }: { refuses: string; errno: number }): { host: Host; requests: string[] } {
  const requests: string[] = []
  let isMade = false
  const send = async (given: Request | Request[]) => {
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
    dump: async () => [],
  }
  // Only what is called is there.
  return { host: { netns: { fd: 0 }, route: route as unknown as NetlinkSocket } as unknown as Host, requests }
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
    message: /^failed to setup vlan tag on interface "veth[0-9a-f]{8}": operation not supported$/,
  })
  assert.deepEqual(requests, ['RTM_NEWLINK', 'RTM_SETLINK', 'RTM_DELLINK'])
})

test('serveGateways() takes the interface of a VLAN that another call has made meanwhile', async () => {
  const { host, requests } = fakeHost({ refuses: 'RTM_NEWLINK', errno: EEXIST })
  // The addresses are put on it, which this kernel refuses, too: the other call has not come that far.
  await assert.rejects(serveGateways(host, config, { bridge, gateways, ips: [], warn }), {
    message: /^failed to set bridge addr: /,
  })
  assert.deepEqual(requests, ['RTM_NEWLINK', 'RTM_NEWLINK'])
})
