import { formatJson } from '../json/index.ts'
import { allVersions, CniError, currentVersion, formatResult } from '../types/index.ts'
import { configVersion, readConfig } from './call-config.ts'
import { checkEnvironment } from './call-environment.ts'
import { checkVersion, commands, isPluginCommand } from './command.ts'
import { checkNetns } from './netns-check.ts'
import type { Plugin, Request } from './plugin.ts'
import { makeRequest } from './request.ts'
import { toCniError } from './to-cni-error.ts'
import type { PluginWorld } from './world.ts'

/**
 * Carries out one call of a plugin: what a plugin's `main` does. Prints at most one JSON document: the result, the
 * supported versions, or the error object. Never rejects for what the plugin does. An ADD whose result cannot be converted
 * to the version of the configuration, or cannot be written, has failed: the plugin's own DEL takes it back.
 *
 * Without `CNI_COMMAND` it tells a person on standard error what the plugin is.
 *
 * @returns the exit status
 */
export async function dispatch(plugin: Plugin, world: PluginWorld): Promise<0 | 1> {
  const undo: Undo = { run: async () => {} }
  try {
    const output = await answer(plugin, world, undo)
    if (write(world, output)) return 0
    await undo.run()
  } catch (thrown) {
    await undo.run()
    write(world, formatJson(toCniError(thrown).toJSON(), { indent: 4 }))
  }
  return 1
}

/** Takes back what an ADD has made, once there is anything. */
interface Undo {
  run: () => Promise<void>
}

/** Writes the document of a call, if there is one. Returns whether that went well; if not, standard error says why. */
function write(world: PluginWorld, output: string): boolean {
  try {
    if (output !== '') world.stdout(output)
    return true
  } catch (error) {
    world.stderr(`Cannot write to standard output: ${error instanceof Error ? error.message : error}\n`)
    return false
  }
}

async function answer(plugin: Plugin, world: PluginWorld, undo: Undo): Promise<string> {
  const command = world.env['CNI_COMMAND'] ?? ''
  const versions = plugin.versions ?? allVersions
  if (command === '') {
    world.stderr(aboutText(plugin.name, versions, world.about))
    return ''
  }
  checkEnvironment(command, world.env)
  if (command === 'VERSION') {
    return `${formatJson({ cniVersion: currentVersion, supportedVersions: [...versions] })}\n`
  }
  const call = await readConfig(world)
  if (!isPluginCommand(command)) {
    throw new CniError('invalidEnvironmentVariables', `unknown CNI_COMMAND: ${command}`)
  }
  const cniVersion = configVersion(call.config)
  checkVersion(command, cniVersion, versions)
  if (commands[command].actsInNetns) checkNetns(world)
  const request = makeRequest(world, { ...call, command, cniVersion })
  if (command !== 'ADD') {
    await plugin[commands[command].handler]?.(request)
    return ''
  }
  if (plugin.add === undefined) return ''
  const result = await plugin.add(request)
  undo.run = () => takeBack(plugin, { ...request, command: 'DEL', env: { ...request.env, CNI_COMMAND: 'DEL' } })
  return formatResult(result, cniVersion)
}

async function takeBack(plugin: Plugin, request: Request): Promise<void> {
  try {
    await plugin.del?.(request)
  } catch (error) {
    request.warn(`Cannot undo "${plugin.name} ADD": ${error instanceof Error ? error.message : error}`)
  }
}

function aboutText(name: string, versions: readonly string[], version = 'version unknown'): string {
  return `CNI ${name} plugin ${version}\nCNI protocol versions supported: ${versions.join(', ')}\n`
}
