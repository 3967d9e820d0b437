import { loadArgs } from '@patchbay/cni/plugin'

/** The ways a hardware address can be asked for beside the plugin's own keys. */
export interface MacSources {
  runtimeConfig?: { mac?: string } | undefined
  args?: { cni?: { mac?: string } } | undefined
}

/**
 * The hardware address that was asked for: by `runtimeConfig.mac`, else `args.cni.mac`, else `MAC` in CNI_ARGS.
 *
 * @returns its text, not yet looked at: a bad one must not keep DEL from cleaning up
 * @throws SyntaxError for what is wrong with CNI_ARGS
 */
export function requestedMac(args: string, sources: MacSources): string | undefined {
  const fromEnvironment = loadArgs(args, { MAC: (text) => text }).MAC
  return sources.runtimeConfig?.mac || sources.args?.cni?.mac || fromEnvironment || undefined
}
