import { delegateAdd, delegateCheck, delegateDel, delegateGC, delegateStatus } from '../exec/delegate.ts'
import { splitPath } from '../exec/environment.ts'
import { formatJson, type JsonObject } from '../json/index.ts'
import { PluginNotFoundError } from '../types/index.ts'
import type { Delegate, PluginCommand, Request } from './plugin.ts'
import type { PluginWorld } from './world.ts'

/** What a handler gets of a plugin's world. */
export type HandlerWorld = Pick<PluginWorld, 'env' | 'stderr' | 'executor' | 'hostNetns' | 'signal'> &
  Pick<Request, 'shared'>

/** A call that has been checked. */
export interface CheckedCall {
  readonly command: PluginCommand
  readonly config: JsonObject
  readonly name: string
  readonly cniVersion: string
  /** The text that the configuration was read from; absent when it came as a value. */
  readonly stdin?: string | undefined
}

/** Makes what a handler gets. */
export function makeRequest(world: HandlerWorld, { stdin, ...call }: CheckedCall): Request {
  const { env, hostNetns, shared, signal } = world
  let text = stdin
  const configText = () => (text ??= formatJson(call.config))
  return {
    ...call,
    containerId: env['CNI_CONTAINERID'] ?? '',
    netns: env['CNI_NETNS'] ?? '',
    ifName: env['CNI_IFNAME'] ?? '',
    args: env['CNI_ARGS'] ?? '',
    path: splitPath(env['CNI_PATH'] ?? ''),
    hostNetns,
    shared,
    env,
    get stdin() {
      return configText()
    },
    warn: (line) => world.stderr(`${line}\n`),
    delegate: delegateFrom(world, call, configText),
    ...(signal ? { signal } : {}),
  }
}

const withoutResult = { DEL: delegateDel, CHECK: delegateCheck, GC: delegateGC, STATUS: delegateStatus } as const

/** A delegate gets this call's environment and configuration, whole (CNI 1.1 §"Section 4"). */
function delegateFrom(
  { env, executor, signal: ownSignal }: HandlerWorld,
  { config, cniVersion }: Pick<CheckedCall, 'config' | 'cniVersion'>,
  configText: () => string,
): Delegate {
  return async (type, command, { stdin, signal = ownSignal } = {}) => {
    // Said here too: not every executor that a product brings looks for an empty name.
    if (type === '')
      throw new PluginNotFoundError(type, splitPath(env['CNI_PATH'] ?? ''), { message: 'no plugin name provided' })
    const call = { executor, env, ...(signal && { signal }), ...(stdin === undefined && { config, cniVersion }) }
    if (command === 'ADD') return delegateAdd(type, stdin ?? configText(), call)
    await withoutResult[command](type, stdin ?? configText(), call)
    return undefined
  }
}
