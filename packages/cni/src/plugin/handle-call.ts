import type { JsonValue } from '../json/index.ts'
import { allVersions, CniError, type Result } from '../types/index.ts'
import { checkConfig, configVersion } from './call-config.ts'
import { checkVersion, commands, isPluginCommand } from './command.ts'
import { checkNetns } from './netns-check.ts'
import type { Plugin } from './plugin.ts'
import { type CheckedCall, type HandlerWorld, makeRequest } from './request.ts'

/** What a plugin is called for. */
export interface Call {
  readonly command: string
  /** The configuration, parsed. */
  readonly json: JsonValue
  /** The text that it was read from; absent when it came as a value. */
  readonly stdin?: string | undefined
}

/**
 * Runs the handler for a call whose environment has been checked. `give` hands the result of an ADD to the caller, in the
 * version that it is passed: an ADD whose result cannot be given, or whose caller is gone by then, has failed, and the plugin's own
 * DEL takes it back.
 *
 * @returns what `give` returns; `undefined` for other commands, and for a plugin without ADD
 * @throws {CniError} for a call that is refused; whatever the handler and `give` throw, and the reason of an aborted signal
 */
export async function handleCall<T>(
  plugin: Plugin,
  call: Call,
  world: HandlerWorld,
  give: (result: Result, version: string) => T,
): Promise<T | undefined> {
  const checked = checkCall(plugin, call, world)
  const request = makeRequest(world, checked)
  world.signal?.throwIfAborted()
  if (checked.command !== 'ADD') {
    await plugin[commands[checked.command].handler]?.(request)
    return undefined
  }
  if (plugin.add === undefined) return undefined
  const result = await plugin.add(request)
  try {
    world.signal?.throwIfAborted()
    if (result === undefined)
      throw new TypeError(`Cannot give the result of plugin "${plugin.name}": its ADD returned none`)
    return give(result, checked.cniVersion)
  } catch (error) {
    await takeBack(plugin, checked, world)
    throw error
  }
}

function checkCall(plugin: Plugin, { command, json, stdin }: Call, world: HandlerWorld): CheckedCall {
  const { config, name } = checkConfig(json)
  if (!isPluginCommand(command)) {
    throw new CniError('invalidEnvironmentVariables', `unknown CNI_COMMAND: ${command}`)
  }
  const cniVersion = configVersion(config)
  checkVersion(command, cniVersion, plugin.versions ?? allVersions)
  if (commands[command].actsInNetns) checkNetns(world)
  return { command, config, name, cniVersion, stdin }
}

/** Goes on when the call has been cut short: what its caller did not get must not stay. */
async function takeBack(plugin: Plugin, call: CheckedCall, world: HandlerWorld): Promise<void> {
  const { signal: _, ...rest } = world
  const request = makeRequest({ ...rest, env: { ...world.env, CNI_COMMAND: 'DEL' } }, { ...call, command: 'DEL' })
  try {
    await plugin.del?.(request)
  } catch (error) {
    request.warn(`Cannot undo "${plugin.name} ADD": ${error instanceof Error ? error.message : error}`)
  }
}
