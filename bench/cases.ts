/** A list of plugins as a runtime calls it: in order to attach, in reverse order to detach. */
export interface Chain {
  readonly name: string
  /** Whether the bench brings it. */
  readonly isOwn: boolean
  readonly cniVersion: string
  /** The name of the network that it is for. */
  readonly network: string
  /** Protocols in which containers publish their port; "tcp" when left out. */
  readonly protocols?: readonly string[]
  /** Configurations of the plugins, without what a runtime adds. */
  readonly plugins: readonly Readonly<Record<string, unknown>>[]
}

const ipam = { type: 'host-local', dataDir: '/run/bench-leases', ranges: [[{ subnet: '10.16.0.0/12' }]] }
/** The port that containers publish, and where on the host: as many ports as there are from the lowest one on. */
export const CONTAINER_PORT = 80
const LOWEST_PORT = 10_000
const PORTS = 50_000

const bridge = { type: 'bridge', bridge: 'bench0', isDefaultGateway: true, ipam }
const masquerading = { ...bridge, ipMasq: true }
const portmap = { type: 'portmap', capabilities: { portMappings: true } }

const bandwidth = { type: 'bandwidth', ingressRate: 1e9, ingressBurst: 1e8, egressRate: 1e9, egressBurst: 1e8 }
const tuning = { type: 'tuning', mtu: 1400, sysctl: { 'net.core.somaxconn': '500' } }

/** What is timed, from the plain plugins to the list that podman writes. */
export const chains: readonly Chain[] = (
  [
    { name: 'bridge', plugins: [bridge] },
    { name: 'ptp', plugins: [{ type: 'ptp', ipam }] },
    { name: 'macvlan', plugins: [{ type: 'macvlan', master: 'uplink', ipam }] },
    { name: 'bridge+masquerade', plugins: [masquerading] },
    { name: 'bridge+masquerade+portmap', plugins: [masquerading, portmap] },
    { name: 'bridge+masquerade+portmap+firewall', plugins: [masquerading, portmap, { type: 'firewall' }] },
    { name: 'bridge+bandwidth', plugins: [bridge, bandwidth] },
    { name: 'bridge+tuning', plugins: [bridge, tuning] },
    { name: 'bridge+sbr', plugins: [bridge, { type: 'sbr' }] },
    // A bridge has 1023 ports at most: this is the list for more containers than that.
    {
      name: 'ptp+masquerade+portmap+firewall',
      plugins: [{ type: 'ptp', ipMasq: true, ipam }, portmap, { type: 'firewall' }],
    },
  ] as const
).map((chain) => ({ ...chain, isOwn: true, cniVersion: '1.0.0', network: 'bench' }))

/** The whole list, for containers that have a way out and publish their port in both protocols: few of them, and any number. */
export const dataPathChains = {
  few: dataPathChain('bridge', masquerading),
  many: dataPathChain('ptp', { type: 'ptp', ipMasq: true, ipam: { ...ipam, routes: [{ dst: '0.0.0.0/0' }] } }),
} as const

function dataPathChain(type: string, main: Chain['plugins'][number]): Chain {
  const plugins = [main, portmap, { type: 'firewall' }]
  return {
    name: `data path, ${type}+masquerade+portmap+firewall`,
    ...{ isOwn: true, cniVersion: '1.0.0', network: 'bench', protocols: ['tcp', 'udp'], plugins },
  }
}

/** What a storm of calls gives its plugin, all of it: the bridge of that number. */
export function stormConfig(number: number): object {
  return { cniVersion: '1.0.0', name: 'storm', ...bridge, bridge: `storm${number}` }
}

/** The chain of that name. Throws RangeError. */
export function chainOf(name: string, all = chains): Chain {
  const chain = all.find((candidate) => candidate.name === name)
  if (!chain) throw new RangeError(`Cannot time "${name}": the chains are ${all.map((each) => each.name).join(', ')}`)
  return chain
}

/** The port of the host at which the container of that number publishes its own. */
export function hostPortOf(number: number): number {
  return LOWEST_PORT + (number % PORTS)
}

/**
 * A plugin as a runtime configures it for one container: name and version of the network; and to a plugin that can publish
 * ports, one port of the host, because containers that are attached at the same time cannot share one.
 */
export function configFor(plugin: Chain['plugins'][number], chain: Chain, number: number): Record<string, unknown> {
  const { cniVersion, network: name, protocols = ['tcp'] } = chain
  const { capabilities, ...config } = plugin
  if (!publishesPorts(capabilities)) return { cniVersion, name, ...config }
  const portMappings = protocols.map((protocol) => ({
    hostPort: hostPortOf(number),
    containerPort: CONTAINER_PORT,
    protocol,
  }))
  return { cniVersion, name, ...config, runtimeConfig: { portMappings } }
}

function publishesPorts(capabilities: unknown): boolean {
  return isObject(capabilities) && capabilities['portMappings'] === true
}

/** The plugins that a list runs: its own, and those that they ask for addresses. */
export function typesOf({ plugins }: Chain): string[] {
  const ipams = plugins.map(({ ipam: each }) => (isObject(each) ? each['type'] : undefined))
  return [...plugins.map(({ type }) => type), ...ipams].filter(
    (type) => typeof type === 'string' && type !== '',
  ) as string[]
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}
