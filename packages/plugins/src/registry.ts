import { ipamPlugins } from './ipam/ipam-plugins.ts'
import { bridgePlugin } from './main/bridge/descriptor.ts'
import { loopbackPlugin } from './main/loopback/descriptor.ts'
import { macvlanPlugin } from './main/macvlan/descriptor.ts'
import { ptpPlugin } from './main/ptp/descriptor.ts'
import { bandwidthPlugin } from './meta/bandwidth/descriptor.ts'
import { firewallPlugin } from './meta/firewall/descriptor.ts'
import { portmapPlugin } from './meta/portmap/descriptor.ts'
import { sbrPlugin } from './meta/sbr/descriptor.ts'
import { tuningPlugin } from './meta/tuning/descriptor.ts'
import type { PluginDescriptor } from './request/define-plugin.ts'

export type { PluginDescriptor, Repair } from './request/define-plugin.ts'

/** All plugins, a line for each; none is loaded before it is asked for. */
export const plugins: readonly PluginDescriptor[] = [
  bridgePlugin,
  loopbackPlugin,
  macvlanPlugin,
  ptpPlugin,
  ...ipamPlugins,
  bandwidthPlugin,
  firewallPlugin,
  portmapPlugin,
  sbrPlugin,
  tuningPlugin,
]

/** The plugin that is called by a name; `undefined` when no plugin is. */
export function findPlugin(name: string): PluginDescriptor | undefined {
  return plugins.find(({ names }) => names.includes(name))
}
