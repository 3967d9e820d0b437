/** The one-shot executable: runs the plugin whose name it is called by. */
import { plugins } from '../../src/programs.ts'
import { reportFailure } from '../../src/report-failure.ts'
import { runOwnPlugin } from '../../src/run-own-plugin.ts'
import { basename } from './path.ts'

async function main(): Promise<void> {
  const name = basename(host.arguments[0] ?? '')
  const load = Object.hasOwn(plugins, name) ? plugins[name] : undefined
  if (!load)
    throw new Error(`Cannot run "${name}": it is no plugin; the plugins are ${Object.keys(plugins).join(', ')}`)
  await runOwnPlugin(await load())
}

host.main = () => {
  main().catch(reportFailure)
}
