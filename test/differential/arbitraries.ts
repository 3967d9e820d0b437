import fc, { type Arbitrary } from 'fast-check'
import type { Json, JsonObject } from '../lab/witness.ts'

/** Values of keys, each of which may be left out. */
export type Keys = Readonly<Record<string, Arbitrary<Json>>>

/** Values that are right nearly always, and else one of those that are wrong. */
export function mostly<T, U>(right: Arbitrary<T>, ...wrong: readonly U[]): Arbitrary<T | U> {
  return fc.oneof({ arbitrary: right, weight: 60 }, { arbitrary: fc.constantFrom(...wrong), weight: 1 })
}

/** An object with some of the keys. */
export function some(keys: Keys): Arbitrary<JsonObject> {
  return fc.record<JsonObject>(keys, { requiredKeys: [], noNullPrototype: true })
}

/** Text that is one of these, and of a wrong type now and then. */
export function oneOf(...values: readonly Json[]): Arbitrary<Json> {
  return mostly<Json, Json>(fc.constantFrom(...values), 7, true, ['x'], {}, 'nonsense', '')
}

export const flag: Arbitrary<Json> = mostly<Json, Json>(fc.boolean(), 'true', 1, null, [])

/** Numbers of which some make sense; the others are at the borders. */
export function number(...values: readonly number[]): Arbitrary<Json> {
  return mostly<Json, Json>(fc.constantFrom(...values), -1, 2 ** 31, 2 ** 40, 1.5, '7', null)
}

export const addresses4 = fc.constantFrom('10.1.2.77', '10.1.2.254', '10.1.2.2', '10.1.2.3', '10.7.0.9')
export const addresses6 = fc.constantFrom('fd00:1:2::77', 'fd00:1:2::2', 'fd00:7::9')
const wrongAddresses = ['10.1.2.300', '010.1.2.3', '::ffff:10.1.2.9', 'fe80::1%lo', '', 12, null] as const

/** An address of a family. */
export function address(version: 4 | 6): Arbitrary<Json> {
  return mostly<Json, Json>(version === 4 ? addresses4 : addresses6, ...wrongAddresses)
}

const destinations = {
  4: fc.constantFrom('0.0.0.0/0', '10.99.0.0/16', '10.98.0.1/32', '192.0.2.7/24'),
  6: fc.constantFrom('::/0', 'fd99::/16', 'fd98::1/128'),
}
const gateways = { 4: fc.constantFrom('10.1.2.1', '10.1.2.254'), 6: fc.constantFrom('fd00:1:2::1', 'fd00:1:2::fe') }

function route(version: 4 | 6): Arbitrary<Json> {
  const rest = some({
    gw: mostly<Json, Json>(gateways[version], '0.0.0.0', '::', '10.200.0.1', ''),
    priority: number(0, 5, 77),
    table: number(0, 100, 254),
    scope: number(0, 253, 254),
    mtu: number(0, 1300),
    advmss: number(0, 1200),
  })
  // Most routes have a gateway at most.
  const few = some({ gw: gateways[version] })
  const dst = mostly<Json, Json>(destinations[version], '10.99.0.1', '', null)
  return fc
    .tuple(dst, fc.oneof({ arbitrary: few, weight: 4 }, { arbitrary: rest, weight: 1 }))
    .map(([to, keys]) => ({ dst: to, ...keys }))
}

/** Routes of the families. */
export function routes(versions: readonly (4 | 6)[]): Arbitrary<Json> {
  const each = fc.constantFrom(...versions).chain(route)
  return mostly<Json, Json>(fc.array(each, { maxLength: 3 }), null, {}, [null], 'x')
}

const names = fc.array(fc.constantFrom('a.example', 'b.example'), { maxLength: 2 })
const servers = fc.array(fc.constantFrom('9.9.9.9', 'fd00::53', 'no address'), { maxLength: 2 })

export const dns: Arbitrary<Json> = mostly<Json, Json>(
  some({
    nameservers: mostly<Json, Json>(servers, 'x', null),
    domain: oneOf('c.example'),
    search: mostly<Json, Json>(names, 3),
    options: mostly<Json, Json>(fc.constant(['ndots:2']), {}),
  }),
  null,
  [],
  'x',
)

const versions = fc.oneof(
  { arbitrary: fc.constantFrom('1.1.0', '1.0.0', '0.4.0'), weight: 6 },
  { arbitrary: fc.constantFrom('0.3.1', '0.3.0', '0.2.0', '0.1.0'), weight: 2 },
)

/** A configuration with keys that nearly all networks have, and some of the others. */
export function networkOf(type: string, keys: { readonly usual?: Keys; readonly rare?: Keys }): Arbitrary<JsonObject> {
  const head = fc.record({
    cniVersion: mostly<Json, Json>(versions, '9.9.9', '', null, 1),
    name: mostly<Json, Json>(fc.constantFrom('net', 'net-two.b'), 'no space', '', null),
  })
  const unknown = fc.constantFrom<Json>({ a: [1, null] }, null, 'x')
  const usual = fc.record<JsonObject>(keys.usual ?? {}, { noNullPrototype: true })
  const rare = sometimes(some({ ...keys.rare, dns, unknown }))
  return fc
    .tuple(head, mostly<JsonObject, JsonObject>(usual, {}), rare)
    .map(([start, most, rest]): JsonObject => ({ ...start, type, ...most, ...rest }))
}

/** Empty half of the time. */
export function sometimes(keys: Arbitrary<JsonObject>): Arbitrary<JsonObject> {
  return fc.oneof(fc.constant<JsonObject>({}), keys)
}

/** `CNI_ARGS`, if any. */
export function callArgs(...values: readonly string[]): Arbitrary<string | undefined> {
  const any = fc.constantFrom(...values, 'IgnoreUnknown=1', 'IgnoreUnknown=true;K8S_POD=a', 'FOO=1', 'IP', ';', '')
  return fc.oneof({ arbitrary: fc.constant(undefined), weight: 5 }, { arbitrary: any, weight: 1 })
}
