/**
 * The executable. The name it is run by picks the program: a plugin, `cnitool`, `patchbay`, or `patchbayd`, which is
 * `patchbay daemon`. Starting up is most of what a plugin's call costs, so nothing is loaded here that the program asked for
 * does not need.
 */
import { writeSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { useNativeAddon } from '@patchbay/linux/sys'
import { isPluginName, loadPlugin, type toolNames } from './executor/programs.ts'

type Tool = (args: readonly string[]) => Promise<number>

const tools: Readonly<Record<(typeof toolNames)[number], () => Promise<Tool>>> = {
  cnitool: async () => (await import('./cli/cnitool/cnitool.ts')).cnitool,
  patchbay: async () => (await import('./cli/patchbay.ts')).patchbay,
}

async function main(): Promise<void> {
  useNativeAddon(join(dirname(process.execPath), 'patchbay-addon.node'))
  const name = basename(process.argv0)
  if (isPluginName(name)) return runPlugin(name)
  const tool = await (name === 'cnitool' ? tools.cnitool() : tools.patchbay())
  const args = process.argv.slice(2)
  process.exitCode = await tool(name === 'patchbayd' ? ['daemon', ...args] : args)
}

async function runPlugin(name: string): Promise<void> {
  try {
    const { runOwnPlugin } = await import('./executor/run-own-plugin.ts')
    const plugin = await loadPlugin(name)
    if (plugin) await runOwnPlugin(plugin)
  } catch (error) {
    const { reportFailure } = await import('./executor/report-failure.ts')
    reportFailure(error)
  }
}

main().catch((error: unknown) => {
  writeSync(2, `${error instanceof Error ? error.message : error}\n`)
  process.exitCode = 1
})
