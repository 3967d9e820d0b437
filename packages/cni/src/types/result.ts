import type { CIDR, IP } from '@patchbay/address'

/** An interface that a plugin made or adopted (CNI 1.1 §"ADD Success"). */
export interface Interface {
  name: string
  /** Hardware address as text; absent when the interface has none. */
  mac?: string
  /** Bytes; absent when the plugin does not say (since 1.1.0). */
  mtu?: number
  /** Namespace path of a container's interface; absent for one on the host. */
  sandbox?: string
  /** Absolute path of a vhost-user socket (since 1.1.0). */
  socketPath?: string
  /** PCI address of a hardware device (since 1.1.0). */
  pciID?: string
}

/** An address of the container. `address` keeps its host bits: `10.0.0.5/24`. */
export interface IPConfig {
  /** Index into the result's `interfaces`; an IPAM plugin leaves it out. */
  interface?: number
  address: CIDR
  gateway?: IP
}

/** A route in the container. */
export interface Route {
  dst: CIDR
  gw?: IP
  /** Path MTU in bytes (since 1.1.0). */
  mtu?: number
  /** Maximal segment size to advertise, in bytes (since 1.1.0). */
  advmss?: number
  /** Metric: the lower wins (since 1.1.0). */
  priority?: number
  /** Routing table; `undefined` is the main one, 0 is a value (since 1.1.0). */
  table?: number
  /** 0 global, 253 link, 254 host; `undefined` is the kernel's default (since 1.1.0). */
  scope?: number
}

/** Resolver settings of the container. */
export interface DNS {
  nameservers?: string[]
  domain?: string
  search?: string[]
  options?: string[]
}

/**
 * What an ADD returns, in the newest shape. Older shapes exist only on the wire: `parseResult` accepts and
 * `formatResult` prints every version from 0.1.0.
 */
export interface Result {
  /** The version that it was written in; `formatResult` prints any other. */
  cniVersion: string
  interfaces?: Interface[]
  ips?: IPConfig[]
  routes?: Route[]
  dns?: DNS
}
