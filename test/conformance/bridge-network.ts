import type { JsonObject } from '../lab/witness.ts'

export const subnet4: JsonObject = { subnet: '10.1.2.0/24' }
export const subnet6: JsonObject = { subnet: 'fd00:1:2::/64' }

/** A network of one bridge; hardware addresses as the kernel makes them, which is what the reference has. */
export function network(keys: JsonObject = {}): JsonObject {
  return {
    cniVersion: '1.1.0',
    name: 'net1',
    type: 'bridge',
    bridge: 'cni0',
    deterministicMac: false,
    ipam: { type: 'host-local', ...subnet4 },
    ...keys,
  }
}

/** The same without addresses. */
export function layer2(keys: JsonObject = {}): JsonObject {
  const { ipam: _, ...config } = network(keys)
  return config
}

/** An IPAM configuration that gives one address of each subnet. */
export function ranges(...sets: JsonObject[]): JsonObject {
  return { type: 'host-local', ranges: sets.map((set) => [set]) }
}

/** An IPAM configuration that gives these addresses. */
export function fixed(...addresses: string[]): JsonObject {
  return { type: 'static', addresses: addresses.map((address) => ({ address })) }
}
