import type { Plugin, Request } from '@patchbay/cni/plugin'

/**
 * Puts back the rules of one attachment that somebody has flushed, for a request as ADD gets it, with `prevResult`. Links,
 * addresses and routes stay as they are.
 *
 * @returns names of what has been put back: `masquerade` and the like
 * @throws Error when the result of the ADD is missing, or what the rules are for
 */
export type Repair = (request: Request) => Promise<readonly string[]>

/** What a program knows of a plugin before it loads the plugin's code. */
export interface PluginDescriptor {
  /** The names that it is called by, as `type` in configurations and as executables. */
  readonly names: readonly string[]
  /** Loads the plugin of one of {@link names}. */
  readonly load: (name: string) => Promise<Plugin>
  /** For plugins that make rules. */
  readonly repair?: Repair
  /**
   * Whether an IPAM plugin needs the container's interface: `dhcp` sends its requests from there. Plugins that are not
   * described here may need it.
   */
  readonly needsInterface?: boolean
  /** Loads the table that its configuration is decoded by: which keys there are. */
  readonly configTable?: () => Promise<Readonly<Record<string, unknown>>>
  /** Keys of its configuration whose values are paths. A daemon serves no caller whose paths are relative. */
  readonly pathKeys?: readonly string[]
}

/** Describes a plugin, for a line in `registry.ts`. */
export function definePlugin(descriptor: PluginDescriptor): PluginDescriptor {
  return descriptor
}
