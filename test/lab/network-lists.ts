import { patchbay } from './implementation.ts'
import type { JsonObject } from './witness.ts'
import type { Outcome, World } from './world.ts'

/** A list of plugins as an administrator writes it. */
export interface NetworkList {
  readonly plugins: readonly JsonObject[]
  /** What its `capabilities` are given. */
  readonly capabilityArgs?: JsonObject
}

/** A shell script that makes what the lists attach to, on a host. */
export const prepareHost =
  'for name in lan alone; do ip link add $name type veth peer name $name-far; ip link set $name up; ip link set $name-far up; done'

const ipam = { type: 'host-local', ranges: [[{ subnet: '10.1.2.0/24' }], [{ subnet: 'fd00:1:2::/64' }]] }
const capabilityArgs = {
  portMappings: [
    { hostPort: 8080, containerPort: 80, protocol: 'tcp' },
    { hostPort: 8053, containerPort: 53, protocol: 'udp' },
  ],
}

function portmap(backend: string): JsonObject {
  return { type: 'portmap', backend, capabilities: { portMappings: true } }
}

function bridge(keys: JsonObject = {}): JsonObject {
  return { type: 'bridge', bridge: 'b0', isDefaultGateway: true, ipam, ...keys }
}

const tuning = { type: 'tuning', mac: '02:00:00:00:00:07', mtu: 1400, allmulti: true, txQLen: 500 }

const bandwidth = {
  type: 'bandwidth',
  ingressRate: 80_000_000,
  ingressBurst: 800_000,
  egressRate: 80_000_000,
  egressBurst: 800_000,
}

/** A chain as podman and containerd write it, with both packet filters. */
function chains(backend: 'nftables' | 'iptables'): Record<string, NetworkList> {
  const ipMasq = { ipMasq: true, ipMasqBackend: backend }
  const firewall = { type: 'firewall', backend, ingressPolicy: 'same-bridge' }
  return {
    [`bridge by ${backend}`]: { plugins: [bridge({ ...ipMasq, macspoofchk: true })] },
    [`ptp by ${backend}`]: { plugins: [{ type: 'ptp', ipam, ...ipMasq }] },
    [`bridge+portmap by ${backend}`]: { plugins: [bridge(), portmap(backend)], capabilityArgs },
    [`bridge+firewall by ${backend}`]: { plugins: [bridge(), firewall] },
    [`bridge+portmap+firewall by ${backend}`]: {
      plugins: [bridge(ipMasq), portmap(backend), firewall],
      capabilityArgs,
    },
    [`ptp+portmap+firewall by ${backend}`]: {
      plugins: [{ type: 'ptp', ipam, ...ipMasq }, portmap(backend), { type: 'firewall', backend }],
      capabilityArgs,
    },
  }
}

/** Every plugin, by itself or behind the one that it needs, and the usual chains, by both backends. A new plugin is an entry. */
export const networkLists: Readonly<Record<string, NetworkList>> = {
  loopback: { plugins: [{ type: 'loopback' }] },
  'host-local': { plugins: [{ type: 'host-local', ipam }] },
  static: { plugins: [{ type: 'static', ipam: { type: 'static', addresses: [{ address: '10.1.2.9/24' }] } }] },
  bridge: { plugins: [bridge()] },
  'bridge without IPAM': { plugins: [{ type: 'bridge', bridge: 'b0' }] },
  ptp: { plugins: [{ type: 'ptp', ipam }] },
  macvlan: { plugins: [{ type: 'macvlan', master: 'lan', ipam }] },
  'bridge+sbr': { plugins: [bridge(), { type: 'sbr' }] },
  'bridge+bandwidth': { plugins: [bridge(), bandwidth] },
  'bridge+tuning': { plugins: [bridge(), tuning] },
  'macvlan in mode passthru': { plugins: [{ type: 'macvlan', master: 'alone', mode: 'passthru' }] },
  ...chains('nftables'),
  ...chains('iptables'),
}

/** An attachment that a call is about. */
export interface Attachment {
  readonly container: string
  readonly ifName: string
  /** What the runtime calls the container; by default as its namespace is called. */
  readonly id?: string
}

/** Words before the plugin of that index in the list, which run it: `strace ...`. */
export type Through = (index: number) => readonly string[]

const directly: Through = () => []

/** Calls a list as a runtime does, plugin by plugin: in order for ADD and CHECK, in reverse for DEL and GC. */
export class ListCaller {
  readonly #world: World
  readonly #list: NetworkList
  readonly #directory: string
  /** The result of the last ADD that succeeded. */
  result: JsonObject | undefined

  constructor(world: World, list: NetworkList, directory = patchbay.directory) {
    this.#world = world
    this.#list = list
    this.#directory = directory
  }

  /** Stops at the plugin that fails, whose outcome it gives. Without a failure, the last outcome. */
  add(to: Attachment, through = directly): Outcome {
    let prevResult: JsonObject | undefined
    const outcome = this.#each('forwards', (plugin, index) => {
      const added = this.#call('ADD', { ...plugin, ...(prevResult && { prevResult }) }, { to, through: through(index) })
      if (added.status === 0) prevResult = JSON.parse(added.stdout)
      return added
    })
    this.result = outcome.status === 0 ? prevResult : undefined
    return outcome
  }

  check(of: Attachment, through = directly): Outcome {
    return this.#each('forwards', (plugin, index) =>
      this.#call('CHECK', this.#withResult(plugin), { to: of, through: through(index) }),
    )
  }

  /** As a runtime that has the result of the ADD, where there is one. */
  del(of: Attachment, through = directly): Outcome {
    return this.#each('backwards', (plugin, index) =>
      this.#call('DEL', this.#withResult(plugin), { to: of, through: through(index) }),
    )
  }

  /** @param valid attachments that there still are */
  gc(valid: readonly Attachment[], through = directly): Outcome {
    const attachments = valid.map(({ container, ifName, id = container }) => ({ containerID: id, ifname: ifName }))
    return this.#each('backwards', (plugin, index) =>
      this.#call('GC', { ...plugin, 'cni.dev/valid-attachments': attachments }, { through: through(index) }),
    )
  }

  #withResult(plugin: JsonObject): JsonObject {
    return this.result === undefined ? plugin : { ...plugin, prevResult: this.result }
  }

  #each(direction: 'forwards' | 'backwards', call: (plugin: JsonObject, index: number) => Outcome): Outcome {
    const plugins = [...this.#list.plugins.entries()]
    let outcome: Outcome = { status: 0, stdout: '', stderr: '' }
    for (const [index, plugin] of direction === 'forwards' ? plugins : plugins.reverse()) {
      outcome = call(plugin, index)
      if (outcome.status !== 0) return outcome
    }
    return outcome
  }

  #call(
    command: string,
    plugin: JsonObject,
    { to, through }: { to?: Attachment; through: readonly string[] },
  ): Outcome {
    const { capabilities, ...keys } = plugin
    const runtimeConfig = capabilities === undefined ? {} : { capabilities, runtimeConfig: this.#list.capabilityArgs }
    const config = { cniVersion: '1.1.0', name: 'net', ...keys, ...runtimeConfig }
    const about = to && {
      CNI_CONTAINERID: to.id ?? to.container,
      CNI_NETNS: `/run/netns/${to.container}`,
      CNI_IFNAME: to.ifName,
    }
    return this.#world.run([...through, `${this.#directory}/${plugin['type']}`], {
      env: { PATH: process.env['PATH'], CNI_COMMAND: command, CNI_PATH: this.#directory, ...about },
      input: JSON.stringify(config),
    })
  }
}
