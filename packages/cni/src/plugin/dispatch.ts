import { formatJson } from '../json/index.ts'
import { allVersions, currentVersion, formatResult } from '../types/index.ts'
import { parseConfig, readConfig } from './call-config.ts'
import { checkEnvironment } from './call-environment.ts'
import { handleCall } from './handle-call.ts'
import type { Plugin } from './plugin.ts'
import { Shared } from './shared.ts'
import { toCniError } from './to-cni-error.ts'
import type { PluginWorld } from './world.ts'

/**
 * Carries out one call of a plugin that comes as text and is answered with text: what a plugin's `main` does. Prints at most
 * one JSON document: the result, the supported versions, or the error object. Never rejects for what the plugin does. An ADD
 * whose result cannot be converted to the version of the configuration, or cannot be written, has failed: the plugin's own
 * DEL takes it back. {@link callPlugin} does the same in values.
 *
 * Without `CNI_COMMAND` it says on standard error what the plugin is.
 *
 * @returns the exit status
 */
export async function dispatch(plugin: Plugin, world: PluginWorld): Promise<0 | 1> {
  using own = new Shared()
  try {
    await answer(plugin, world, world.shared ?? own)
    return 0
  } catch (thrown) {
    if (!(thrown instanceof UnwrittenError)) writeError(world, thrown)
    return 1
  }
}

async function answer(plugin: Plugin, world: PluginWorld, shared: Shared): Promise<void> {
  const command = world.env['CNI_COMMAND'] ?? ''
  if (command === '') return world.stderr(aboutText(plugin, world.about))
  checkEnvironment(command, world.env)
  if (command === 'VERSION') return write(world, versionText(plugin))
  const stdin = await readConfig(world)
  await handleCall(plugin, { command, json: parseConfig(stdin), stdin }, { ...world, shared }, (result, version) =>
    write(world, formatResult(result, version)),
  )
}

/** A document could not be written. Standard error has been told why. */
class UnwrittenError extends Error {}

function write(world: PluginWorld, document: string): void {
  try {
    world.stdout(document)
  } catch (error) {
    world.stderr(`Cannot write to standard output: ${error instanceof Error ? error.message : error}\n`)
    throw new UnwrittenError('Cannot write to standard output', { cause: error })
  }
}

function writeError(world: PluginWorld, thrown: unknown): void {
  try {
    write(world, formatJson(toCniError(thrown).toJSON(), { indent: 4 }))
  } catch (error) {
    if (!(error instanceof UnwrittenError)) throw error
  }
}

/** What a plugin answers to VERSION. */
export function versionText({ versions = allVersions }: Plugin): string {
  return `${formatJson({ cniVersion: currentVersion, supportedVersions: [...versions] })}\n`
}

function aboutText({ name, versions = allVersions }: Plugin, version = 'version unknown'): string {
  return `CNI ${name} plugin ${version}\nCNI protocol versions supported: ${versions.join(', ')}\n`
}
