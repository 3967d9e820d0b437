import fc, { type Arbitrary } from 'fast-check'
import type { Json, JsonObject } from '../../lab/witness.ts'
import { flag, mostly, networkOf, number, oneOf, some } from '../arbitraries.ts'
import type { Case } from '../case.ts'
import { chained } from './chained.ts'

/** Bits a second, and bits of a burst. */
const rate = mostly<Json, Json>(fc.constantFrom(8000, 1_000_001, 80_000_000, 80_000_000_000), 0, 7, -1, 1.5, '8', null)
const burst = mostly<Json, Json>(fc.constantFrom(80_000, 8_000_000, 12_345_678), 0, 7, 34_359_738_360, '8', null)
const limits = fc.oneof(
  {
    arbitrary: fc.record<JsonObject>({ ingressRate: rate, ingressBurst: burst }, { noNullPrototype: true }),
    weight: 3,
  },
  { arbitrary: fc.record<JsonObject>({ egressRate: rate, egressBurst: burst }, { noNullPrototype: true }), weight: 3 },
  {
    arbitrary: fc.record<JsonObject>(
      { ingressRate: rate, ingressBurst: burst, egressRate: rate, egressBurst: burst },
      { noNullPrototype: true },
    ),
    weight: 4,
  },
  { arbitrary: some({ ingressRate: rate, ingressBurst: burst, egressRate: rate, egressBurst: burst }), weight: 1 },
)

export const bandwidth: Arbitrary<Case> = chained(
  fc
    .tuple(networkOf('bandwidth', {}), limits, fc.constantFrom('configuration', 'runtime'))
    .map(([network, given, from]) =>
      from === 'runtime' ? { ...network, runtimeConfig: { bandwidth: given } } : { ...network, ...given },
    ),
)

const mac = mostly<Json, Json>(fc.constantFrom('02:00:00:00:00:aa', '02:00:00:00:00:bb'), '', 'x', 7, null)
const mtu = number(0, 1300, 1400)
const sysctl = mostly<Json, Json>(
  fc.constantFrom<Json>(
    {},
    { 'net.core.somaxconn': '321' },
    { 'net.ipv4.conf.IFNAME.log_martians': '1' },
    { 'net/ipv4/conf/eth0/arp_notify': '1' },
    { 'net.ipv6.conf.IFNAME.hop_limit': '70' },
  ),
  { 'net.core.nothing': '1' },
  { 'kernel.domainname': 'x' },
  { 'net.core.somaxconn': 'x' },
  { 'net.core.somaxconn': 1 },
  null,
)
const queue = number(0, 7, 500)

export const tuning: Arbitrary<Case> = chained(
  networkOf('tuning', {
    usual: { mtu, mac },
    rare: {
      sysctl,
      promisc: flag,
      allmulti: flag,
      txQLen: queue,
      dataDir: oneOf('/run/backups'),
      runtimeConfig: some({ mac }),
      args: some({ cni: some({ mac, mtu, promisc: flag, allmulti: flag, txQLen: queue }) }),
    },
  }),
)

export const sbr: Arbitrary<Case> = chained(networkOf('sbr', { rare: { table: number(7, 100, 254) } }))
