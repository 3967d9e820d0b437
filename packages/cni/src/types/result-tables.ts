import { array, type Codec, custom, type Decoded, int, object, orZero, required, string, text } from '../json/index.ts'
import { cidr, ip } from './address-codecs.ts'

/** Text; an empty string means unset. */
const nonEmpty: Codec<string> = text('string', (value) => (value === '' ? undefined : value))

/** Resolver settings, as in a configuration and in a result of any version. */
export const dns = object('types.DNS', {
  nameservers: array(string),
  domain: nonEmpty,
  search: array(string),
  options: array(string),
})

/** A route, as in the result of any version and in an IPAM plugin's configuration. */
export const route = custom(
  object('types.route', {
    dst: required(cidr),
    gw: ip,
    mtu: int,
    advmss: int,
    priority: int,
    table: int,
    scope: int,
  }),
)

/** Routes as Go names their list in error texts. */
const routes = array(route, '[]*types.Route')

/** The address of one family in a result of 0.1.0 and 0.2.0. */
const familyAddress = custom(object('types020.ipConfig', { ip: required(cidr), gateway: ip, routes: array(route) }))

/** A result of 0.1.0 and 0.2.0. */
export const result02 = object('types020.Result', {
  cniVersion: orZero(string),
  ip4: familyAddress,
  ip6: familyAddress,
  dns: orZero(dns),
})

const interface04 = object('types040.Interface', { name: orZero(string), mac: nonEmpty, sandbox: nonEmpty })

const address04 = custom(
  object('types040.ipConfig', { version: orZero(string), interface: int, address: required(cidr), gateway: ip }),
)

/** A result of 0.3.0, 0.3.1 and 0.4.0. */
export const result04 = object('types040.Result', {
  cniVersion: orZero(string),
  interfaces: array(interface04, '[]*types040.Interface'),
  ips: array(address04, '[]*types040.IPConfig'),
  routes,
  dns: orZero(dns),
})

const interface10 = object('types100.Interface', {
  name: orZero(string),
  mac: nonEmpty,
  mtu: int,
  sandbox: nonEmpty,
  socketPath: nonEmpty,
  pciID: nonEmpty,
})

const address10 = custom(object('types100.ipConfig', { interface: int, address: required(cidr), gateway: ip }))

/** A result of 1.0.0 and 1.1.0. */
export const result10 = object('types100.Result', {
  cniVersion: orZero(string),
  interfaces: array(interface10, '[]*types100.Interface'),
  ips: array(address10, '[]*types100.IPConfig'),
  routes,
  dns: orZero(dns),
})

export type Result02 = Decoded<typeof result02>
export type Result04 = Decoded<typeof result04>
