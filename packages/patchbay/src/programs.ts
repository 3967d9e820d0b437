import type { Plugin } from '@patchbay/cni/plugin'

/** The plugins that this program carries, by the names they answer to. Each is loaded when it is asked for. */
export const plugins: Readonly<Record<string, () => Promise<Plugin>>> = {
  bridge: async () => (await import('@patchbay/plugins/bridge')).bridge,
  loopback: async () => (await import('@patchbay/plugins/loopback')).loopback,
}

/** The tools beside the plugins, by the names they are run by. */
export const toolNames = ['cnitool', 'patchbay'] as const
