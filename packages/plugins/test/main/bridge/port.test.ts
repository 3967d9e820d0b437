import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { JsonObject } from '@patchbay/cni/json'
import type { NetlinkRequest, NetlinkSocket } from '@patchbay/linux/netlink'
import { Writer } from '@patchbay/linux/netlink/raw'
import { loadBridgeConfig } from '../../../src/main/bridge/config.ts'
import { makePort, portSettings } from '../../../src/main/bridge/port.ts'
import type { Host } from '../../../src/link/hosts.ts'
import { UndoStack } from '../../../src/request/undo-stack.ts'
import { fakeRequest } from '../../fake-request.ts'

/** A host on which every request succeeds; ports begin in VLAN 1 and, in error, in VLAN 7. */
function fakeHost(): { host: Host; requests: NetlinkRequest[] } {
  const requests: NetlinkRequest[] = []
  const link = { index: 5, ifname: 'veth0', flags: 0 }
  const route = {
    request: async (given: NetlinkRequest | NetlinkRequest[]) => {
      requests.push(...[given].flat())
      return []
    },
    requestSlow: async () => [],
    get: async () => link,
    list: async () => [
      { index: 4, afSpec: { vlanInfo: [{ vid: 9, flags: 0 }] } },
      {
        index: 5,
        afSpec: {
          vlanInfo: [
            { vid: 1, flags: 6 },
            { vid: 7, flags: 0 },
          ],
        },
      },
    ],
  }
  // Only what is called is there.
  return { host: { netns: { fd: 0 }, route: route as unknown as NetlinkSocket } as unknown as Host, requests }
}

/** The VLAN and its flags at the end of a request about one. */
function vlanOf(request: NetlinkRequest): string | undefined {
  const w = new Writer()
  request.write(w)
  const bytes = Buffer.from(w.finish())
  if (bytes.readUInt8(0) !== 7) return undefined
  return `${request.name} ${bytes.readUInt16LE(bytes.length - 2)} ${bytes.readUInt16LE(bytes.length - 4)}`
}

async function vlans(config: JsonObject): Promise<string[]> {
  const { host, requests } = fakeHost()
  const port = portSettings(loadBridgeConfig(fakeRequest(config)), 4)
  await makePort(host, host, { ifName: 'eth0', mtu: 0, mac: undefined, port, undo: new UndoStack(() => {}) })
  return requests.map(vlanOf).filter((vlan) => vlan !== undefined)
}

test('makePort() takes a port out of its VLANs before it puts it into others', async () => {
  const gone = ['RTM_DELLINK 1 0', 'RTM_DELLINK 7 0']
  const cases: [JsonObject, string[]][] = [
    [{}, []],
    [{ vlan: 100 }, [...gone, 'RTM_SETLINK 100 6']],
    [{ vlan: 100, preserveDefaultVlan: true }, ['RTM_SETLINK 100 6']],
    [{ vlanTrunk: [{ id: 5 }, { id: 6 }] }, [...gone, 'RTM_SETLINK 5 0', 'RTM_SETLINK 6 0', 'RTM_SETLINK 1 6']],
    [{ vlanTrunk: [{ id: 5 }], preserveDefaultVlan: true }, ['RTM_SETLINK 5 0', 'RTM_SETLINK 1 6']],
    [{ vlan: 100, vlanTrunk: [{ id: 5 }] }, [...gone, 'RTM_SETLINK 100 6', 'RTM_SETLINK 5 0']],
    [{ vlanTrunk: [] }, []],
  ]
  for (const [config, expected] of cases) assert.deepEqual(await vlans(config), expected, JSON.stringify(config))
})
