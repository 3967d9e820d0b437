import fc, { type Arbitrary } from 'fast-check'
import type { Json, JsonObject } from '../../lab/witness.ts'
import { callArgs, flag, type Keys, mostly, networkOf, number, oneOf, some, sometimes } from '../arbitraries.ts'
import type { Case } from '../case.ts'
import { casesOf, ipam, requestedKeys } from '../ipam.ts'

const masquerading: Arbitrary<JsonObject> = sometimes(
  some({ ipMasq: flag, ipMasqBackend: oneOf('iptables', 'iptables', 'nftables') }),
)
const mtu = number(0, 1280, 1400, 1500, 68, 9000)
const args = callArgs(
  'IP=10.1.2.99',
  'MAC=02:00:00:00:0a:02;IgnoreUnknown=1',
  'IgnoreUnknown=1;IP=10.1.2.99/24',
  'MAC=x',
)

const requested: Keys = {
  args: mostly<Json, Json>(
    fc.constantFrom({ cni: { mac: '02:00:00:00:0a:03' } }, { cni: {} }, { cni: { ips: ['10.1.2.77'] } }),
    { cni: { mac: 'x' } },
    3,
  ),
  runtimeConfig: mostly<Json, Json>(
    fc.constantFrom({ mac: '02:00:00:00:0a:04' }, { ips: ['10.1.2.79/24'] }, {}),
    { mac: 5 },
    { mac: 'x' },
  ),
}

/** Hardware addresses as the reference makes them, and all keys together. */
function merged(...parts: readonly Arbitrary<JsonObject>[]): Arbitrary<JsonObject> {
  return fc.tuple(...parts).map((all) => Object.assign({}, ...all, { deterministicMac: false }))
}

const trunks = fc.constantFrom<Json>([{ id: 5 }], [{ minID: 10, maxID: 12 }, { id: 7 }], [], [{}])
const wrongTrunks: readonly Json[] = [[{ minID: 5 }], [{ id: 5000 }], [{ minID: 9, maxID: 3 }], {}, [null]]

const ports: Keys = {
  bridge: oneOf('b0', 'lan', 'br%d'),
  forceAddress: flag,
  mtu,
  hairpinMode: flag,
  promiscMode: flag,
  macspoofchk: flag,
  enabledad: flag,
  disableContainerInterface: flag,
  portIsolation: flag,
}
const vlans: Keys = {
  vlan: number(0, 100, 4095),
  vlanTrunk: mostly<Json, Json>(trunks, ...wrongTrunks),
  preserveDefaultVlan: flag,
}

export const bridge: Arbitrary<Case> = casesOf({
  config: merged(
    networkOf('bridge', { usual: { isGateway: flag, isDefaultGateway: flag, ipam }, rare: requested }),
    masquerading,
    sometimes(fc.oneof({ arbitrary: some(ports), weight: 3 }, { arbitrary: some(vlans), weight: 1 })),
  ),
  args,
  hosts: [
    'ip link add cni0 type bridge; ip link set cni0 up',
    'ip link add cni0 mtu 1300 type bridge; ip address add 10.1.2.1/24 brd + dev cni0; ip link set cni0 up',
    'ip link add cni0 type bridge; ip address add 10.9.9.1/24 dev cni0; ip link set lan master cni0',
  ],
})

export const ptp: Arbitrary<Case> = casesOf({
  config: merged(networkOf('ptp', { usual: { ipam }, rare: { ...requestedKeys, mtu } }), masquerading),
  args,
})

export const macvlan: Arbitrary<Case> = casesOf({
  config: merged(
    networkOf('macvlan', { usual: { master: oneOf('lan', 'lan', 'inner', 'absent'), ipam } }),
    sometimes(
      some({
        ...requested,
        mode: oneOf('bridge', 'private', 'vepa', 'passthru'),
        mtu,
        mac: oneOf('02:00:00:00:0a:05', '02-00-00-00-0A-06'),
        linkInContainer: flag,
        bcqueuelen: number(0, 500, 1000),
      }),
    ),
  ),
  args,
  hosts: ['ip address add 10.9.0.1/24 dev lan; ip route add default via 10.9.0.254', 'ip link set lan mtu 1400'],
})

export const loopback: Arbitrary<Case> = casesOf({
  config: networkOf('loopback', { rare: { ipam } }),
  args,
  hosts: ['ip -n c1 address add 10.1.2.3/24 dev lo', 'ip -n c1 link set lo up'],
  previous: fc.constantFrom<JsonObject>(
    {
      cniVersion: '1.1.0',
      interfaces: [{ name: 'eth0', sandbox: '/run/netns/c1' }],
      ips: [{ address: '10.1.2.3/24' }],
    },
    { cniVersion: '0.4.0', interfaces: [{ name: 'lo' }], ips: [{ version: '4', address: '127.0.0.1/8' }], dns: {} },
    {},
  ),
})
