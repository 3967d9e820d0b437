import { writeSync } from 'node:fs'
import { processExecutor } from '@patchbay/cni/exec'
import { type Plugin, runPlugin } from '@patchbay/cni/plugin'
import { endInChild, leaveRestToChildren } from '@patchbay/linux/sys'
import { ownExecutor } from './own-executor.ts'
import { ownFiles } from './own-files.ts'
import { version } from './version.ts'

/** Runs a plugin as this process; the plugins it delegates to are run in-process where they are ours too. */
export async function runOwnPlugin(plugin: Plugin): Promise<void> {
  leaveRestToChildren()
  await runPlugin(plugin, {
    version: `v${version}`,
    executor: ownExecutor({
      isOwn: ownFiles(process.execPath),
      hostNetns: '/proc/self/ns/net',
      stderr: writeError,
      others: () => processExecutor({ forward: 'always', group: 'caller' }),
    }),
  })
  endInChild()
}

function writeError(text: string): void {
  writeSync(2, text)
}
