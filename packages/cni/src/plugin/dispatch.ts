import { formatJson } from '../json/index.ts'
import { allVersions, CniError, currentVersion, formatResult } from '../types/index.ts'
import { configVersion, readConfig } from './call-config.ts'
import { checkEnvironment } from './call-environment.ts'
import { checkVersion, commands, isPluginCommand } from './command.ts'
import { checkNetns } from './netns-check.ts'
import type { Plugin } from './plugin.ts'
import { makeRequest } from './request.ts'
import { toCniError } from './to-cni-error.ts'
import type { PluginWorld } from './world.ts'

/**
 * Carries out one call of a plugin: what a plugin's `main` does. Prints at most one JSON document: the result, the
 * supported versions, or the error object. Never rejects for what the plugin does.
 *
 * Without `CNI_COMMAND` it tells a person on standard error what the plugin is.
 *
 * @returns the exit status
 */
export async function dispatch(plugin: Plugin, world: PluginWorld): Promise<0 | 1> {
  let status: 0 | 1 = 0
  let output: string
  try {
    output = await answer(plugin, world)
  } catch (thrown) {
    status = 1
    output = formatJson(toCniError(thrown).toJSON(), { indent: 4 })
  }
  if (output !== '') world.stdout(output)
  return status
}

async function answer(plugin: Plugin, world: PluginWorld): Promise<string> {
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
  if (command === 'ADD') return plugin.add === undefined ? '' : formatResult(await plugin.add(request), cniVersion)
  await plugin[commands[command].handler]?.(request)
  return ''
}

function aboutText(name: string, versions: readonly string[], version = 'version unknown'): string {
  return `CNI ${name} plugin ${version}\nCNI protocol versions supported: ${versions.join(', ')}\n`
}
