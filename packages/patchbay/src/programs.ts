import type { Plugin } from '@patchbay/cni/plugin'
import type { FindFirewalld } from '@patchbay/plugins/firewall'

/** The plugins that this program carries, by the names they answer to. Each is loaded when it is asked for. */
export const plugins: Readonly<Record<string, () => Promise<Plugin>>> = {
  bridge: async () => (await import('@patchbay/plugins/bridge')).bridge,
  firewall: async () => (await import('@patchbay/plugins/firewall')).firewallPlugin({ firewalld }),
  'host-local': async () => (await import('@patchbay/plugins/host-local')).hostLocal,
  'host-local-ptp': async () => (await import('@patchbay/plugins/host-local')).hostLocalPtp,
  loopback: async () => (await import('@patchbay/plugins/loopback')).loopback,
  macvlan: async () => (await import('@patchbay/plugins/macvlan')).macvlan,
  portmap: async () => (await import('@patchbay/plugins/portmap')).portmap,
  ptp: async () => (await import('@patchbay/plugins/ptp')).ptp,
  static: async () => (await import('@patchbay/plugins/static')).staticIpam,
  veth: async () => (await import('@patchbay/plugins/ptp')).veth,
}

const loaded = new Map<string, Plugin>()

/** Loads the plugin of a name, once; `undefined` when there is none. */
export async function loadPlugin(name: string): Promise<Plugin | undefined> {
  const plugin = loaded.get(name) ?? (Object.hasOwn(plugins, name) ? await plugins[name]?.() : undefined)
  if (plugin) loaded.set(name, plugin)
  return plugin
}

/** The plugin of a name, if it has been loaded. */
export function loadedPlugin(name: string): Plugin | undefined {
  return loaded.get(name)
}

/** The tools beside the plugins, by the names they are run by. */
export const toolNames = ['cnitool', 'patchbay'] as const

/** What speaks D-Bus is loaded when somebody may have to be asked. */
const firewalld: FindFirewalld = async (request, options) =>
  (await import('./firewalld/firewalld-backend.ts')).findFirewalld(request, options)
