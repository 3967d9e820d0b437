import assert from 'node:assert/strict'
import type { JsonObject } from '../lab/witness.ts'
import { fixed, layer2, network } from './bridge-network.ts'
import { unlikeReference } from './differential.ts'
import { bridgeSettings, type VlanRequest, vlanRequests } from './netlink-trace.ts'

/** `<linux/if_bridge.h> BRIDGE_VLAN_INFO_*` */
const PVID = 2
const UNTAGGED = 4

const own = (vid: number): VlanRequest => ({ request: 'RTM_SETLINK', vlans: [{ vid, flags: PVID | UNTAGGED }] })
const tagged = (vid: number): VlanRequest => ({ request: 'RTM_SETLINK', vlans: [{ vid, flags: 0 }] })

/** Networks with VLANs, and what the kernel is to be asked about a new port. */
const networks: Record<string, [JsonObject, VlanRequest[]]> = {
  'no VLAN': [{}, []],
  'a VLAN': [{ vlan: 100 }, [own(100)]],
  'a VLAN beside the default one': [{ vlan: 100, preserveDefaultVlan: true }, [own(100)]],
  'a trunk': [{ vlanTrunk: [{ id: 5 }, { minID: 7, maxID: 9 }] }, [...[5, 7, 8, 9].map(tagged), own(1)]],
  'a trunk whose items overlap': [
    { vlanTrunk: [{ minID: 3, maxID: 4, id: 9 }, { id: 4 }, {}] },
    [...[3, 4, 9].map(tagged), own(1)],
  ],
  'a trunk and a VLAN': [{ vlan: 100, vlanTrunk: [{ id: 5 }] }, [own(100), tagged(5)]],
  'an empty trunk': [{ vlanTrunk: [] }, []],
  'the last VLAN': [{ vlan: 4094, vlanTrunk: [{ minID: 4093, maxID: 4094 }] }, [own(4094), tagged(4093), tagged(4094)]],
}

/** Where the kernel filters VLANs, a port begins in one that is taken away first. */
function isAddition({ request }: VlanRequest): boolean {
  return request === 'RTM_SETLINK'
}

/** The bridge is there already: this kernel may refuse to make one that filters VLANs. */
const prepare = `
  ip -n c1 link delete eth0 2>/dev/null || true
  ip link delete cni0.100 2>/dev/null || true
  ip link delete cni0 2>/dev/null || true
  ip link add cni0 type bridge`

for (const [what, [keys, expected]] of Object.entries(networks))
  unlikeReference(
    `bridge ADD asks for the same VLANs as the reference: ${what}`,
    (scene) => vlanRequests(scene, layer2(keys), prepare),
    {
      judge: (ours, theirs) => {
        assert.deepEqual(ours, theirs)
        assert.deepEqual(ours.filter(isAddition), expected)
      },
    },
  )

unlikeReference(
  'bridge ADD asks for the same VLAN as the reference for the interface of a gateway',
  (scene) => vlanRequests(scene, network({ isGateway: true, vlan: 100, ipam: fixed('10.1.2.3/24') }), prepare),
  {
    judge: (ours, theirs) => {
      assert.deepEqual(ours, theirs)
      assert.deepEqual(ours.filter(isAddition), [own(100), own(100)])
    },
  },
)

const filters: Record<string, [JsonObject, Record<string, string>]> = {
  'no VLAN': [{}, {}],
  'a VLAN': [{ vlan: 100 }, { 7: '01' }],
  'an empty trunk': [{ vlanTrunk: [] }, { 7: '01' }],
  'no trunk': [{ vlanTrunk: null }, {}],
}
for (const [what, [keys, expected]] of Object.entries(filters))
  unlikeReference(
    `bridge ADD makes a bridge with VLAN filtering when the reference does: ${what}`,
    (scene) => bridgeSettings(scene, layer2(keys)),
    { judge: (ours, theirs) => assert.deepEqual([ours, theirs], [[expected], [expected]]) },
  )
