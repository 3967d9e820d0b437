import { object, orZero, string } from '../json/index.ts'
import type { Result } from '../types/index.ts'
import type { DelegateOptions, PluginCommand, Request } from './plugin.ts'

const ipamConf = object('NetConf', { ipam: orZero(object('types.IPAM', { type: orZero(string) })) })

/**
 * Runs the plugin that the configuration's `ipam.type` names, with this request's environment and configuration.
 * Rejects with what it reports, and with Error `no plugin name provided` when none is named.
 *
 * @returns what ADD gives; nothing for other commands
 */
export function delegateIpam(request: Request, command: 'ADD', options?: DelegateOptions): Promise<Result>
export function delegateIpam(request: Request, command: PluginCommand, options?: DelegateOptions): Promise<undefined>
export async function delegateIpam(
  request: Request,
  command: PluginCommand,
  options: DelegateOptions = {},
): Promise<Result | undefined> {
  return request.delegate(ipamConf.decode(request.config).ipam.type, command, options)
}
