import fc, { type Arbitrary } from 'fast-check'
import type { Json, JsonObject } from '../../lab/witness.ts'
import { callArgs, flag, mostly, networkOf, number, oneOf, some } from '../arbitraries.ts'
import type { Case } from '../case.ts'
import { casesOf } from '../ipam.ts'

/** The bridge `b0`, and on it a container that has the addresses. */
const host = `
ip link add b0 address 02:00:00:00:02:01 type bridge
ip address add 10.1.2.1/24 dev b0; ip address add fd00:1:2::1/64 dev b0; ip link set b0 up
attach() {
  [ -e /run/netns/$1 ] || return 0
  ip link add port$2 master b0 up address $3 type veth peer name eth0 netns $1 address $4
  ip -n $1 link set eth0 up
  for address in 10.1.2.$2/24 10.1.2.1$2/24 fd00:1:2::$2/64; do ip -n $1 address add $address dev eth0; done
}
attach c1 2 02:00:00:00:02:02 02:00:00:00:03:02
attach c2 3 02:00:00:00:02:03 02:00:00:00:03:03`
const markChain = 'for tool in iptables ip6tables; do $tool -t nat -N KUBE-MARK-MASQ; done'

type Last = 2 | 3

/** Addresses of a container. */
const addresses: readonly ((last: Last) => string[])[] = [
  (last) => [`10.1.2.${last}/24`],
  (last) => [`10.1.2.${last}/24`, `fd00:1:2::${last}/64`],
  (last) => [`fd00:1:2::${last}/64`],
  (last) => [`10.1.2.${last}/24`, `10.1.2.1${last}/24`],
  () => [],
]

function resultOf(container: string, list: readonly string[], keys: JsonObject): JsonObject {
  return {
    interfaces: [{ name: 'b0' }, { name: 'veth0' }, { name: 'eth0', sandbox: `/run/netns/${container}` }],
    ips: list.map((address) => ({ address, interface: 2 })),
    ...keys,
  }
}

/** Parts of a result that are other than usual. */
const oddities: Arbitrary<JsonObject> = mostly<JsonObject, JsonObject>(
  fc.constant({}),
  { interfaces: [] },
  { interfaces: [{ name: '' }] },
  { ips: [{ address: '10.1.2.9/24' }] },
  { ips: [{ address: '10.1.2.9/24', interface: 9 }] },
  { ips: [{ address: 'x' }] },
  { ips: 'x' },
  { cniVersion: '0.2.0' },
  { cniVersion: '1.0.0' },
)

const results: Arbitrary<Case['previous']> = fc.oneof(
  {
    arbitrary: fc
      .tuple(fc.constantFrom(...addresses), oddities)
      .map(([give, keys]) => ({ c1: resultOf('c1', give(2), keys), c2: resultOf('c2', give(3), keys) })),
    weight: 30,
  },
  { arbitrary: fc.constant(undefined), weight: 1 },
)

/** The result has the version of the configuration, unless it says another. */
export function chained(config: Arbitrary<JsonObject>): Arbitrary<Case> {
  return fc.tuple(casesOf({ config, args: callArgs() }), results).map(([each, previous]) => ({
    ...each,
    // Two interfaces do not have the same addresses.
    steps: each.steps.map((step) => ({ ...step, ifName: 'eth0' })),
    host: JSON.stringify(each.config).includes('KUBE-MARK') ? `${host}\n${markChain}` : host,
    ...(previous && { previous: { c1: stamped(each, previous.c1), c2: stamped(each, previous.c2) } }),
  }))
}

function stamped({ config }: Case, result: JsonObject): JsonObject {
  const version = config['cniVersion']
  const isOld = typeof version === 'string' && version < '1'
  const ips = Array.isArray(result['ips']) ? result['ips'] : []
  return {
    ...(typeof version === 'string' && { cniVersion: version }),
    ...result,
    ...(isOld && {
      ips: ips.map((ip) => ({ version: JSON.stringify(ip).includes('fd00') ? '6' : '4', ...Object(ip) })),
    }),
  }
}

const port = number(8080, 8081, 53, 1)
const mapping = fc.record<JsonObject>(
  {
    hostPort: mostly<Json, Json>(port, 0, 70000),
    containerPort: mostly<Json, Json>(port, 0, 70000),
    protocol: mostly<Json, Json>(fc.constantFrom('tcp', 'udp', 'sctp'), 'TCP', 'icmp', '', 6),
    hostIP: mostly<Json, Json>(
      fc.constantFrom('', '0.0.0.0', '::', '10.1.2.1', '127.0.0.1', 'fd00:1:2::1', '192.0.2.9'),
      'x',
      4,
    ),
  },
  { requiredKeys: ['hostPort', 'containerPort', 'protocol'], noNullPrototype: true },
)
const many = Array.from({ length: 17 }, (_, index) => ({
  hostPort: 9000 + index,
  containerPort: 80,
  protocol: 'tcp',
}))
const mappings = fc.oneof(
  { arbitrary: fc.array(mapping, { minLength: 1, maxLength: 3 }), weight: 12 },
  { arbitrary: fc.constantFrom<Json>([], many, null), weight: 1 },
)

const portmapKeys = some({
  snat: flag,
  masqAll: flag,
  conditionsV4: mostly<Json, Json>(
    fc.constantFrom(['-s', '10.0.0.0/8'], ['!', '-i', 'lan']),
    ['ip', 'saddr', '10.0.0.0/8'],
    'x',
  ),
  conditionsV6: mostly<Json, Json>(fc.constantFrom(['-s', 'fd00::/8'], []), ['ip6', 'saddr', 'fd00::/8'], [1]),
})
const marks = fc.oneof(
  { arbitrary: fc.constant<JsonObject>({}), weight: 4 },
  { arbitrary: some({ markMasqBit: number(0, 13, 14, 31, 32) }), weight: 1 },
  { arbitrary: some({ externalSetMarkChain: oneOf('KUBE-MARK-MASQ') }), weight: 1 },
)

export const portmap: Arbitrary<Case> = chained(
  fc
    .tuple(
      networkOf('portmap', {
        usual: {
          runtimeConfig: mostly<Json, Json>(
            mappings.map((portMappings) => ({ portMappings })),
            {},
            null,
            'x',
          ),
          backend: mostly<Json, Json>(fc.constantFrom('iptables', 'iptables', 'nftables'), null, '', 'x', 3),
        },
      }),
      fc.oneof(fc.constant<JsonObject>({}), portmapKeys),
      marks,
    )
    .map((parts) => Object.assign({}, ...parts)),
)

export const firewall: Arbitrary<Case> = chained(
  networkOf('firewall', {
    usual: { backend: mostly<Json, Json>(fc.constantFrom('iptables', 'iptables', 'firewalld', ''), 'x', 3, null) },
    rare: {
      ingressPolicy: oneOf('open', 'same-bridge', 'isolated'),
      iptablesAdminChainName: oneOf('OWN-ADMIN'),
      firewalldZone: oneOf('public'),
    },
  }),
)
