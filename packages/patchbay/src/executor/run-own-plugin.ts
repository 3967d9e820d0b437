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
      isOwn: isOwnFile,
      hostNetns: '/proc/self/ns/net',
      stderr: writeError,
      others: () => processExecutor({ forward: 'always', group: 'caller' }),
    }),
  })
  endInChild()
}

let isOwn: ((path: string) => boolean) | undefined

/** Where this executable is is looked up by the first delegate: that fails where there is no /proc. */
function isOwnFile(path: string): boolean {
  isOwn ??= ownFiles(process.execPath)
  return isOwn(path)
}

function writeError(text: string): void {
  try {
    writeSync(2, text)
  } catch {
    // Nowhere is left to say so.
  }
}
