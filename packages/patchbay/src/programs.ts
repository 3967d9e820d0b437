import type { Plugin } from '@patchbay/cni/plugin'

/** The plugins that this program carries, by the names they answer to. Each is loaded when it is asked for. */
export const plugins: Readonly<Record<string, () => Promise<Plugin>>> = {
  bridge: async () => (await import('@patchbay/plugins/bridge')).bridge,
  'host-local': async () => (await import('@patchbay/plugins/host-local')).hostLocal,
  'host-local-ptp': async () => (await import('@patchbay/plugins/host-local')).hostLocalPtp,
  loopback: async () => (await import('@patchbay/plugins/loopback')).loopback,
  macvlan: async () => (await import('@patchbay/plugins/macvlan')).macvlan,
  ptp: async () => (await import('@patchbay/plugins/ptp')).ptp,
  static: async () => (await import('@patchbay/plugins/static')).staticIpam,
  veth: async () => (await import('@patchbay/plugins/ptp')).veth,
}

/** The tools beside the plugins, by the names they are run by. */
export const toolNames = ['cnitool', 'patchbay'] as const
