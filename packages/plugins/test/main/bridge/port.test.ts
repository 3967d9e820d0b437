import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { JsonObject } from '@patchbay/cni/json'
import { operation } from '@patchbay/linux/netlink/raw'
import { AF, bridgeLinkMessage, linkOperations } from '@patchbay/linux/route/raw'
import { FakeKernel, type FakeRequest, reply } from '@patchbay/linux/testing'
import type { OpenNetns } from '../../../src/link/net-context.ts'
import { loadBridgeConfig } from '../../../src/main/bridge/config.ts'
import { makePort, portSettings } from '../../../src/main/bridge/port.ts'
import { UndoStack } from '../../../src/request/undo-stack.ts'
import { fakeRequest } from '../../fake-request.ts'

const bridgeReply = operation('RTM_NEWLINK', 16, bridgeLinkMessage)
const names = new Map([linkOperations.set, linkOperations.delete].map(({ type, name }) => [type, name]))

/** A kernel on which every request succeeds; ports begin in VLAN 1 and, in error, in VLAN 7. */
function fakeKernel(): FakeKernel {
  const vlansOf = (index: number, ...vlanInfo: { vid: number; flags: number }[]) =>
    reply(bridgeReply, { family: AF.BRIDGE, index, afSpec: { vlanInfo } })
  return new FakeKernel((request) => {
    if (!request.is(linkOperations.get)) return []
    const { family } = request.valueFor(linkOperations.get)
    if (family !== AF.BRIDGE) return [reply(linkOperations.reply, { index: 5, ifname: 'veth0' })]
    return [vlansOf(4, { vid: 9, flags: 0 }), vlansOf(5, { vid: 1, flags: 6 }, { vid: 7, flags: 0 })]
  })
}

/** The VLAN and its flags in a request about one. */
function vlanOf({ type, body }: FakeRequest): string | undefined {
  const { family, afSpec } = bridgeLinkMessage.read(body)
  const [vlan] = afSpec?.vlanInfo ?? []
  const name = names.get(type)
  return family === AF.BRIDGE && name && vlan ? `${name} ${vlan.vid} ${vlan.flags}` : undefined
}

async function vlans(config: JsonObject): Promise<string[]> {
  const kernel = fakeKernel()
  // Only what is called is there.
  const host = { netns: { fd: 0 }, route: kernel.openSocket() } as OpenNetns
  const port = portSettings(loadBridgeConfig(fakeRequest(config)), 4)
  await makePort(host, host, { ifName: 'eth0', mtu: 0, mac: undefined, port, undo: new UndoStack(() => {}) })
  return kernel.requests.map(vlanOf).filter((vlan) => vlan !== undefined)
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
