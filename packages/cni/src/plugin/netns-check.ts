import { type Stats, statSync } from 'node:fs'
import { CniError } from '../types/index.ts'
import type { PluginWorld } from './world.ts'

/**
 * Refuses a container's namespace that is the host's own, before anything is done to it, unless
 * `CNI_NETNS_OVERRIDE` is `1` or `true` in any case. A namespace that cannot be examined is accepted: DEL often
 * comes when it has gone.
 *
 * @throws {CniError} 8
 */
export function checkNetns({ env, hostNetns }: Pick<PluginWorld, 'env' | 'hostNetns'>): void {
  const override = env['CNI_NETNS_OVERRIDE'] ?? ''
  if (override === '1' || override.toLowerCase() === 'true') return
  const netns = statusOf(env['CNI_NETNS'] ?? '')
  const host = netns && statusOf(hostNetns)
  // Two paths lead to one namespace when device and inode, which has 32 bits there, are equal: namespaces(7).
  if (netns === undefined || netns.ino !== host?.ino || netns.dev !== host.dev) return
  throw new CniError('invalidNetns', "plugin's netns and netns from CNI_NETNS should not be the same")
}

function statusOf(path: string): Stats | undefined {
  if (path === '') return undefined
  try {
    return statSync(path, { throwIfNoEntry: false })
  } catch {
    return undefined
  }
}
