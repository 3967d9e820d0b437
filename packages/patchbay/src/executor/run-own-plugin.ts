import { writeSync } from 'node:fs'
import { processExecutor } from '@patchbay/cni/exec'
import { type Plugin, runPlugin, Shared } from '@patchbay/cni/plugin'
import { ForkedBackground } from '@patchbay/linux/netlink'
import { NetContext, netContext } from '@patchbay/plugins/net-context'
import { ownExecutor } from './own-executor.ts'
import { ownFiles } from './own-files.ts'
import { version } from './version.ts'

/**
 * Runs a plugin as this process; the plugins it delegates to are run in-process where they are ours too. What takes the kernel
 * long is left to child processes, and what the calls share to the end of this one.
 */
export async function runOwnPlugin(plugin: Plugin): Promise<void> {
  const background = new ForkedBackground()
  const shared = new Shared()
  netContext.put(shared, new NetContext({ background }))
  await runPlugin(plugin, {
    version: `v${version}`,
    shared,
    executor: ownExecutor({
      shared,
      isOwn: ownFilesOfProgram(),
      hostNetns: '/proc/self/ns/net',
      stderr: writeError,
      others: () => processExecutor({ forward: 'always', group: 'caller' }),
    }),
  })
  background.holdInChild()
}

/** Where this executable is is looked up by the first delegate: that fails where there is no /proc. */
function ownFilesOfProgram(): (path: string) => boolean {
  let isOwn: ((path: string) => boolean) | undefined
  return (path) => {
    isOwn ??= ownFiles(process.execPath)
    return isOwn(path)
  }
}

function writeError(text: string): void {
  try {
    writeSync(2, text)
  } catch {
    // Nowhere is left to say so.
  }
}
