import { quote } from '../json/index.ts'
import { CniError, isAtLeast } from '../types/index.ts'
import type { Plugin, PluginCommand } from './plugin.ts'

/** What tells one command from another; all else is the same for all. */
export interface CommandRules {
  readonly handler: Exclude<keyof Plugin, 'name' | 'versions'>
  /** The first version of the protocol that has the command; absent when all have. */
  readonly since?: string
  /** It changes a container's namespace, which must then be another than the host's. */
  readonly actsInNetns?: true
}

export const commands: Readonly<Record<PluginCommand, CommandRules>> = {
  ADD: { handler: 'add', actsInNetns: true },
  DEL: { handler: 'del', actsInNetns: true },
  CHECK: { handler: 'check', since: '0.4.0' },
  GC: { handler: 'gc', since: '1.1.0' },
  STATUS: { handler: 'status', since: '1.1.0' },
}

export function isPluginCommand(command: string): command is PluginCommand {
  return Object.hasOwn(commands, command)
}

/**
 * Checks that configuration and plugin are new enough for a command, and that the plugin speaks the configuration's
 * version exactly: `1.0` is not `1.0.0`.
 *
 * @throws {CniError} 1; 6 for an invalid version
 */
export function checkVersion(command: PluginCommand, version: string, supported: readonly string[]): void {
  const { since } = commands[command]
  if (since !== undefined) checkGate(command, { since, version, supported })
  if (supported.includes(version)) return
  const details = `config is ${quote(version)}, plugin supports [${supported.map(quote).join(' ')}]`
  throw new CniError('incompatibleCniVersion', 'incompatible CNI versions', { details })
}

function checkGate(
  command: PluginCommand,
  { since, version, supported }: { since: string; version: string; supported: readonly string[] },
): void {
  if (!isDecodedAtLeast(version, since)) {
    throw new CniError('incompatibleCniVersion', `config version does not allow ${command}`)
  }
  if (!supported.some((one) => isDecodedAtLeast(one, version))) {
    throw new CniError('incompatibleCniVersion', `plugin version does not allow ${command}`)
  }
}

function isDecodedAtLeast(version: string, than: string): boolean {
  try {
    return isAtLeast(version, than)
  } catch (error) {
    throw new CniError('decodingFailure', error instanceof Error ? error.message : String(error), { cause: error })
  }
}
