import { delegateAdd, delegateCheck, delegateDel, delegateGC, delegateStatus } from '../exec/delegate.ts'
import { splitPath } from '../exec/environment.ts'
import type { CallConfig } from './call-config.ts'
import type { Delegate, PluginCommand, Request } from './plugin.ts'
import type { PluginWorld } from './world.ts'

/** Makes what a handler gets, from a call that has been checked. */
export function makeRequest(
  world: PluginWorld,
  call: CallConfig & { command: PluginCommand; cniVersion: string },
): Request {
  const { env, hostNetns, signal } = world
  return {
    ...call,
    containerId: env['CNI_CONTAINERID'] ?? '',
    netns: env['CNI_NETNS'] ?? '',
    ifName: env['CNI_IFNAME'] ?? '',
    args: env['CNI_ARGS'] ?? '',
    path: splitPath(env['CNI_PATH'] ?? ''),
    hostNetns,
    env,
    warn: (line) => world.stderr(`${line}\n`),
    delegate: delegateFrom(world, call),
    ...(signal ? { signal } : {}),
  }
}

const withoutResult = { DEL: delegateDel, CHECK: delegateCheck, GC: delegateGC, STATUS: delegateStatus } as const

/** A delegate gets this call's environment and configuration, whole (CNI 1.1 §"Section 4"). */
function delegateFrom(world: PluginWorld, { stdin, cniVersion }: Pick<Request, 'stdin' | 'cniVersion'>): Delegate {
  const { env, executor } = world
  return async (type, command, options = {}) => {
    // Said here too: not every executor that a product brings looks for an empty name.
    if (type === '') throw new Error('no plugin name provided')
    const signal = options.signal ?? world.signal
    const call = { executor, env, ...(signal && { signal }), ...(options.stdin === undefined && { cniVersion }) }
    if (command === 'ADD') return delegateAdd(type, options.stdin ?? stdin, call)
    await withoutResult[command](type, options.stdin ?? stdin, call)
    return undefined
  }
}
