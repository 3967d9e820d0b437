/**
 * The executable. The name it is run by picks the program: a plugin, `cnitool`, `patchbay`, or `patchbayd`, which is
 * `patchbay daemon`. Starting up is most of what a plugin's call costs, so nothing is loaded here that the program asked for
 * does not need.
 */
import { writeSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import type { Plugin } from '@patchbay/cni/plugin'
import { useNativeAddon } from '@patchbay/linux/sys'
import { plugins, type toolNames } from './programs.ts'

type Tool = (args: readonly string[]) => Promise<number>

const tools: Readonly<Record<(typeof toolNames)[number], () => Promise<Tool>>> = {
  cnitool: async () => (await import('./cnitool/cnitool.ts')).cnitool,
  patchbay: async () => (await import('./patchbay.ts')).patchbay,
}

async function main(): Promise<void> {
  useNativeAddon(join(dirname(process.execPath), 'patchbay.node'))
  const name = basename(process.argv0)
  const loadPlugin = Object.hasOwn(plugins, name) ? plugins[name] : undefined
  if (loadPlugin) return runPlugin(loadPlugin)
  const tool = await (name === 'cnitool' ? tools.cnitool() : tools.patchbay())
  const args = process.argv.slice(2)
  process.exitCode = await tool(name === 'patchbayd' ? ['daemon', ...args] : args)
}

async function runPlugin(load: () => Promise<Plugin>): Promise<void> {
  try {
    const { runOwnPlugin } = await import('./run-own-plugin.ts')
    await runOwnPlugin(await load())
  } catch (error) {
    const { reportFailure } = await import('./report-failure.ts')
    reportFailure(error)
  }
}

main().catch((error: unknown) => {
  writeSync(2, `${error instanceof Error ? error.message : error}\n`)
  process.exitCode = 1
})
