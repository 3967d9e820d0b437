import { type Environment, type Executor, type PluginArgs, pluginEnvironment } from '../exec/index.ts'
import type { JsonObject } from '../json/index.ts'
import { type Result, resultAs } from '../types/index.ts'
import { parseConfig } from './call-config.ts'
import { checkEnvironment } from './call-environment.ts'
import { handleCall } from './handle-call.ts'
import type { Plugin } from './plugin.ts'
import { processDelegates } from './process-delegates.ts'
import { Shared } from './shared.ts'
import { writeDiagnostics } from './standard-streams.ts'
import { toCniError } from './to-cni-error.ts'

/** One call of a plugin within this process; see {@link callPlugin}. */
export interface InProcessCall extends InProcessOptions {
  /** The protocol's parameters, or those that `env` has already, which is the default. */
  readonly args?: PluginArgs | 'inherit' | undefined
  /** What the plugin's environment is made from; this process's own by default. */
  readonly env?: Environment | undefined
  /** The network configuration. Neither the plugin nor its caller changes it during the call. */
  readonly config?: JsonObject | undefined
  /** The network configuration as text: in place of `config`, or what that was read from, for plugins run as processes. */
  readonly stdin?: string | undefined
  /** Finds and runs the plugins that this one delegates to; as processes by default. */
  readonly executor?: Executor | undefined
  /** Cuts the call short: the plugin stops waiting, takes back what it has made, and fails. */
  readonly signal?: AbortSignal | undefined
}

/** What plugins that are run within this process share with it. */
export interface InProcessOptions {
  /** Gets the plugins' human-readable messages, in whole lines; by default they go to this process's standard error. */
  readonly stderr?: ((text: string) => void) | undefined
  /** Path of the namespace that is "the host" to plugins; this process's own by default. */
  readonly hostNetns?: string | undefined
  /** What the plugins share from one call to the next; by default each call has its own, and leaves nothing of it open. */
  readonly shared?: Shared | undefined
}

/**
 * Calls a plugin within this process, in values: what a runtime says in environment variables and on standard input, and what
 * the plugin prints, is the same, but nothing is text.
 *
 * ```ts
 * const call = { containerId: 'c1', netns: '/run/netns/c1', ifName: 'eth0', path: ['/opt/cni/bin'] }
 * const config = { cniVersion: '1.1.0', name: 'mynet', type: 'bridge', ipam: { type: 'host-local', subnet: '10.88.0.0/16' } }
 * const result = await callPlugin(bridge, { args: { command: 'ADD', ...call }, config })
 * await callPlugin(bridge, { args: { command: 'DEL', ...call }, config })
 * ```
 *
 * All that is checked of a call by {@link dispatch} is checked here. An ADD whose result the version of the configuration
 * cannot tell has failed: the plugin's own DEL takes it back.
 *
 * @returns the result of an ADD, as the version of the configuration can tell it; `undefined` for other commands, and for a
 *   plugin that has no ADD
 * @throws {CniError} what the plugin would print
 */
export async function callPlugin(plugin: Plugin, call: InProcessCall): Promise<Result | undefined> {
  const { args = 'inherit', env: base = process.env, config, stdin, signal } = call
  const { executor = processDelegates, stderr = writeDiagnostics, hostNetns = '/proc/self/ns/net' } = call
  using own = new Shared()
  try {
    const env = pluginEnvironment(args, base)
    const command = env['CNI_COMMAND'] ?? ''
    checkEnvironment(command, env)
    const json = config ?? parseConfig(stdin ?? '')
    const world = { env, executor, stderr, hostNetns, shared: call.shared ?? own, ...(signal && { signal }) }
    return await handleCall(plugin, { command, json, stdin }, world, resultAs)
  } catch (thrown) {
    throw toCniError(thrown)
  }
}
