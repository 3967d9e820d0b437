import {
  addBridgeVlans,
  BRIDGE_VLAN_INFO,
  deleteBridgeVlans,
  deleteLink,
  IF_OPER,
  type LinkSummary,
  listBridgeVlans,
  setLink,
} from '@patchbay/linux/route'
import { disableIpv6 } from '../../link/host-ipv6.ts'
import type { OpenNetns } from '../../link/net-context.ts'
import { addVethPair, type VethOptions, type VethPair } from '../../link/veth-pair.ts'
import { waitUntilUp } from '../../link/wait-until-up.ts'
import { messageOf } from '../../request/error-message.ts'
import type { UndoStack } from '../../request/undo-stack.ts'
import type { BridgeConfig } from './config.ts'
import { vlanError } from './vlan-support.ts'

/** How a port of the bridge is set up. */
export interface PortSettings {
  bridge: number
  hairpin: boolean
  isolated: boolean
  vlan: number
  trunk?: readonly number[] | undefined
  preserveDefaultVlan: boolean
}

/** The port of a container as its configuration wants it, on the bridge with index `bridge`. */
export function portSettings(config: BridgeConfig, bridge: number): PortSettings {
  return {
    bridge,
    hairpin: config.hairpinMode,
    isolated: config.portIsolation,
    vlan: config.vlan,
    trunk: config.trunk,
    preserveDefaultVlan: config.preserveDefaultVlan,
  }
}

/**
 * Makes the pair whose host end is a port of the bridge; `undo` takes it back.
 *
 * @param options.mtu of both ends, but for `hostMtu`; 0 and below are the kernel's choice
 */
export async function makePort(
  host: OpenNetns,
  container: OpenNetns,
  options: Pick<VethOptions, 'ifName' | 'mac' | 'owner' | 'hostMtu'> & {
    mtu: number
    port: PortSettings
    undo: UndoStack
  },
): Promise<VethPair> {
  const { ifName, mac, owner, hostMtu, port, undo } = options
  const pair = await addVethPair(host, container, {
    ifName,
    mac,
    owner,
    mtu: options.mtu > 0 ? options.mtu : undefined,
    hostMtu,
    master: port.bridge,
  })
  undo.push(`make link "${pair.ifname}"`, () => deleteLink(host.route, pair.index))
  await configurePort(host, pair, port)
  return pair
}

/**
 * Sets what the kernel does not take with the request that makes a port, and sets it up when all of it is there. The host
 * speaks by the bridge, never by its ports.
 */
export async function configurePort(
  host: OpenNetns,
  { index, ifname }: Pick<VethPair, 'index' | 'ifname'>,
  port: PortSettings,
): Promise<void> {
  const { hairpin, isolated } = port
  const flags = { linkinfo: { port: { kind: 'bridge', data: { mode: hairpin, isolated } } } } as const
  disableIpv6(host, ifname)
  await configureVlans(host, index, port, ifname)
  await setLink(host.route, index, { up: true, ...((hairpin || isolated) && flags) })
}

async function configureVlans(host: OpenNetns, index: number, port: PortSettings, name: string): Promise<void> {
  const { vlan, trunk = [], preserveDefaultVlan } = port
  const own = BRIDGE_VLAN_INFO.PVID | BRIDGE_VLAN_INFO.UNTAGGED
  const step = async (what: string, work: () => Promise<void>) => {
    try {
      await work()
    } catch (cause) {
      const error = vlanError(cause)
      throw new Error(`failed to ${what} on interface "${name}": ${messageOf(error)}`, { cause: error })
    }
  }
  if ((vlan !== 0 || trunk.length > 0) && !preserveDefaultVlan)
    await step('remove default vlan', async () => {
      const present = await listBridgeVlans(host.route, index)
      await deleteBridgeVlans(
        host.route,
        index,
        present.map(({ vid }) => ({ vid })),
      )
    })
  if (vlan !== 0) await step('setup vlan tag', () => addBridgeVlans(host.route, index, [{ vid: vlan, flags: own }]))
  if (trunk.length > 0)
    await step('setup vlan tag', () =>
      addBridgeVlans(
        host.route,
        index,
        trunk.map((vid) => ({ vid })),
      ),
    )
  // Frames without a tag go on as they would without the trunk.
  if (trunk.length > 0 && vlan === 0)
    await step('setup default native vlan tag', () => addBridgeVlans(host.route, index, [{ vid: 1, flags: own }]))
}

/** How long a port may take to come up once both ends are. */
const LIMIT_MS = 2500

const stateNames = Object.entries(IF_OPER).map(([name, value]): [number, string] => [
  value,
  name.toLowerCase().replace('lowerlayerdown', 'lower-layer-down').replace('notpresent', 'not-present'),
])
const stateName = new Map(stateNames)

/**
 * Waits until a port is operationally up, as the kernel announces it.
 *
 * @returns the link as it is then
 * @throws Error `bridge port in error state: lower-layer-down`
 */
export async function waitForPort(host: OpenNetns, index: number): Promise<LinkSummary> {
  const link = await waitUntilUp(host, index, LIMIT_MS)
  if (link.operstate === IF_OPER.UP) return link
  throw new Error(`bridge port in error state: ${stateName.get(link.operstate ?? 0) ?? link.operstate}`)
}
