import fc, { type Arbitrary } from 'fast-check'
import type { Json, JsonObject } from '../lab/witness.ts'
import { address, type Keys, mostly, oneOf, routes, some } from './arbitraries.ts'
import type { Case } from './case.ts'
import { steps } from './steps.ts'

const subnets = {
  4: ['10.1.2.0/24', '10.1.2.0/29', '10.7.0.0/16'],
  6: ['fd00:1:2::/64', 'fd00:7::/120'],
} as const
const wrongSubnets = ['10.1.2.3/24', '10.1.2.0/31', '10.1.2.0', 'x', '', null, 5] as const

function range(version: 4 | 6): Arbitrary<JsonObject> {
  const subnet = mostly<Json, Json>(fc.constantFrom(...subnets[version]), ...wrongSubnets)
  const ends = some({ rangeStart: address(version), rangeEnd: address(version), gateway: address(version) })
  const usual = some({ gateway: version === 4 ? fc.constant('10.1.2.1') : fc.constant('fd00:1:2::1') })
  const rest = fc.oneof({ arbitrary: usual, weight: 3 }, { arbitrary: ends, weight: 1 })
  return fc.tuple(subnet, rest).map(([net, keys]) => ({ subnet: net, ...keys }))
}

const anyRange = fc.oneof({ arbitrary: range(4), weight: 3 }, { arbitrary: range(6), weight: 1 })
const set = fc.oneof(
  { arbitrary: anyRange.map((only) => [only]), weight: 6 },
  { arbitrary: fc.array(anyRange, { maxLength: 3 }), weight: 1 },
)
/** The sets of most networks: one of each family at most. */
const usualSets = fc.constantFrom<Json>(
  [[{ subnet: '10.1.2.0/24' }]],
  [[{ subnet: 'fd00:1:2::/64' }]],
  [[{ subnet: '10.1.2.0/24' }], [{ subnet: 'fd00:1:2::/64' }]],
  [[{ subnet: '10.1.2.0/29', rangeStart: '10.1.2.3' }]],
  [[{ subnet: '10.1.2.0/24', rangeStart: '10.1.2.9', rangeEnd: '10.1.2.10' }, { subnet: '10.3.0.0/29' }]],
)
const sets: Arbitrary<Json> = mostly<Json, Json>(
  fc.oneof({ arbitrary: usualSets, weight: 3 }, { arbitrary: fc.array(set, { maxLength: 3 }), weight: 1 }),
  [],
  [[]],
  {},
  [null],
)

/** Keys that a call may hand over beside the configuration's own, for IPAM. */
export const requestedKeys: Keys = {
  args: mostly<Json, Json>(
    fc.constantFrom(
      { cni: { ips: ['10.1.2.77'] } },
      { cni: { ips: ['10.1.2.78/24', 'fd00:1:2::78'] } },
      { cni: {} },
      {},
    ),
    { cni: { ips: 'x' } },
    { cni: { ips: [null] } },
    [],
  ),
  runtimeConfig: mostly<Json, Json>(
    fc.constantFrom(
      { ips: ['10.1.2.79/24'] },
      { ips: ['10.1.2.79/24', 'fd00:1:2::79/64'] },
      { ips: [] },
      { ipRanges: [[{ subnet: '10.5.0.0/24' }]] },
      {},
    ),
    { ips: ['x'] },
    { ipRanges: {} },
    'x',
  ),
}

/** What is in `ipam` for host-local. */
export const hostLocal: Arbitrary<JsonObject> = fc
  .tuple(
    fc.oneof(
      { arbitrary: sets.map((ranges): JsonObject => ({ ranges })), weight: 5 },
      { arbitrary: range(4), weight: 2 },
      { arbitrary: fc.constant<JsonObject>({}), weight: 1 },
    ),
    fc.oneof(
      { arbitrary: some({ routes: routes([4, 6]) }), weight: 3 },
      {
        arbitrary: some({
          routes: routes([4, 6]),
          dataDir: oneOf('/run/leases', '/run/a/b'),
          resolvConf: oneOf('/run/resolv.conf', '/run/absent'),
        }),
        weight: 1,
      },
    ),
  )
  .map(([addresses, rest]) => ({ type: 'host-local', ...addresses, ...rest }))

/** What there is for `resolvConf`. */
const resolvConf = `printf '%s\\n' '# a comment' 'nameserver 1.2.3.4' 'search a.example b.example' 'options ndots:3' >/run/resolv.conf`

const fixed = fc.constantFrom<JsonObject>(
  { address: '10.1.2.9/24' },
  { address: '10.1.2.9/24', gateway: '10.1.2.1' },
  { address: '10.1.2.10/24' },
  { address: '10.1.2.0/24' },
  { address: '10.8.0.9/32' },
  { address: 'fd00:1:2::9/64' },
  { address: 'fd00:1:2::9/64', gateway: 'fd00:1:2::1' },
)
const wrongFixed = [
  { address: '10.1.2.9' },
  { address: '' },
  {},
  null,
  { address: '10.1.2.9/24', gateway: 'x' },
] as const

/** What is in `ipam` for static. */
export const fixedAddresses: Arbitrary<JsonObject> = some({
  addresses: mostly<Json, Json>(fc.array(mostly<Json, Json>(fixed, ...wrongFixed), { maxLength: 3 }), null, {}),
  routes: routes([4, 6]),
  dns: oneOf({ nameservers: ['9.9.9.9'] }, { search: [] }, {}),
}).map((keys) => ({ type: 'static', ...keys }))

/** `ipam` of a plugin that makes an interface. */
export const ipam: Arbitrary<Json> = mostly<Json, Json>(
  fc.oneof({ arbitrary: hostLocal, weight: 4 }, { arbitrary: fixedAddresses, weight: 1 }),
  { type: 'absent' },
  { type: '' },
  {},
  null,
  'x',
)

interface Choice {
  readonly config: Arbitrary<JsonObject>
  /** `CNI_ARGS` */
  readonly args: Arbitrary<string | undefined>
  /** Scripts one of which may have prepared the host. */
  readonly hosts?: readonly string[]
  /** Results that the plugin may be handed by the one before it. */
  readonly previous?: Arbitrary<JsonObject | undefined>
}

/** Tries configurations on hosts by sequences of calls. */
export function casesOf({ config, args, hosts = [], previous = fc.constant(undefined) }: Choice): Arbitrary<Case> {
  const host = fc.oneof(
    { arbitrary: fc.constant(''), weight: 3 },
    { arbitrary: fc.constantFrom('', ...hosts), weight: 1 },
  )
  const handed = fc.oneof({ arbitrary: fc.constant(undefined), weight: 3 }, { arbitrary: previous, weight: 1 })
  return fc.tuple(config, args, host, handed, steps).map(([network, given, before, result, calls]) => ({
    config: network,
    ...(given !== undefined && { args: given }),
    host: JSON.stringify(network).includes('resolv.conf') ? `${resolvConf}\n${before}` : before,
    ...(result !== undefined && { previous: { c1: result, c2: result } }),
    steps: calls,
  }))
}
