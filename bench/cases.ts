/** A list of plugins as a runtime calls it: in order to attach, in reverse order to detach. */
export interface Chain {
  readonly name: string
  /** Configurations of the plugins, without what a runtime adds. */
  readonly plugins: readonly Readonly<Record<string, unknown>>[]
}

const ipam = { type: 'host-local', dataDir: '/run/bench-leases', ranges: [[{ subnet: '10.16.0.0/12' }]] }
const portMappings = [{ hostPort: 8080, containerPort: 80, protocol: 'tcp' }]
const bridge = { type: 'bridge', bridge: 'bench0', isDefaultGateway: true, ipam }
const masquerading = { ...bridge, ipMasq: true }
const portmap = { type: 'portmap', capabilities: { portMappings: true }, runtimeConfig: { portMappings } }

/** What is timed, from the plain plugins to the list that podman writes. */
export const chains: readonly Chain[] = [
  { name: 'bridge', plugins: [bridge] },
  { name: 'ptp', plugins: [{ type: 'ptp', ipam }] },
  { name: 'macvlan', plugins: [{ type: 'macvlan', master: 'uplink', ipam }] },
  { name: 'bridge+masquerade', plugins: [masquerading] },
  { name: 'bridge+masquerade+portmap', plugins: [masquerading, portmap] },
  { name: 'bridge+masquerade+portmap+firewall', plugins: [masquerading, portmap, { type: 'firewall' }] },
  // A bridge has 1023 ports at most: this is the list for more containers than that.
  {
    name: 'ptp+masquerade+portmap+firewall',
    plugins: [{ type: 'ptp', ipMasq: true, ipam }, portmap, { type: 'firewall' }],
  },
]

/** What a storm of calls gives its plugin, all of it: the bridge of that number. */
export function stormConfig(number: number): object {
  return { cniVersion: '1.0.0', name: 'storm', ...bridge, bridge: `storm${number}` }
}

/** The chain of that name. Throws RangeError. */
export function chainOf(name: string): Chain {
  const chain = chains.find((candidate) => candidate.name === name)
  if (!chain)
    throw new RangeError(`Cannot time "${name}": the chains are ${chains.map((each) => each.name).join(', ')}`)
  return chain
}

/** Sets the host port of a chain's mapping: containers attached at the same time cannot share one. */
export function withHostPort(plugin: Chain['plugins'][number], hostPort: number): Chain['plugins'][number] {
  if (plugin['type'] !== 'portmap') return plugin
  return { ...plugin, runtimeConfig: { portMappings: portMappings.map((mapping) => ({ ...mapping, hostPort })) } }
}
