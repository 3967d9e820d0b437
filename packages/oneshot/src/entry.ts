/** The one-shot executable: runs the plugin whose name it is called by. */
import { loadPlugin, pluginNames, reportFailure, runOwnPlugin } from 'patchbay/executor'
import { basename } from './path.ts'

async function main(): Promise<void> {
  const name = basename(host.arguments[0] ?? '')
  const plugin = await loadPlugin(name)
  if (!plugin) throw new Error(`Cannot run "${name}": it is no plugin; the plugins are ${pluginNames.join(', ')}`)
  await runOwnPlugin(plugin)
}

host.main = () => {
  main().catch(reportFailure)
}
