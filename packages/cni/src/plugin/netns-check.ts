import { statSync } from 'node:fs'
import { CniError } from '../types/index.ts'
import type { PluginWorld } from './world.ts'

/**
 * Refuses a container's namespace that is the host's own, before anything is done to it, unless
 * `CNI_NETNS_OVERRIDE` is `1` or `true` in any case. A namespace that cannot be looked at is let pass: DEL often
 * comes when it has gone.
 *
 * @throws {CniError} 8
 */
export function checkNetns({ env, hostNetns }: Pick<PluginWorld, 'env' | 'hostNetns'>): void {
  const override = env['CNI_NETNS_OVERRIDE'] ?? ''
  if (override === '1' || override.toLowerCase() === 'true') return
  const netns = identityOf(env['CNI_NETNS'] ?? '')
  if (netns === undefined || netns !== identityOf(hostNetns)) return
  throw new CniError('invalidNetns', "plugin's netns and netns from CNI_NETNS should not be the same")
}

/** Two paths lead to one namespace when device and inode are equal: namespaces(7). */
function identityOf(path: string): string | undefined {
  try {
    const { dev, ino } = statSync(path, { bigint: true })
    return `${dev}:${ino}`
  } catch {
    return undefined
  }
}
