import { resolve } from 'node:path'
import { native } from '@patchbay/linux/sys'
import { Daemon, type DaemonOptions } from './daemon.ts'
import { notify } from './service-manager.ts'

/**
 * Serves until SIGTERM or SIGINT, then stops in order; a second signal ends the process at once.
 *
 * @throws Error when it cannot listen
 */
export async function runDaemon(options: DaemonOptions): Promise<void> {
  compileCodeAsUsual()
  // While the kernel makes a link, on a thread of the pool, this one allocates its addresses.
  native().pinJobsToOtherCpus()
  // One call's mistake must not end all the others.
  process.on('unhandledRejection', (reason) => process.stderr.write(`Nobody expected: ${reason}\n`))
  const { env } = options
  const socketPath = resolve(options.socketPath)
  // The daemon reads nothing in the directory that it was started in, and must not keep it from being unmounted.
  process.chdir('/')
  const daemon = await Daemon.start({ ...options, socketPath })
  process.stderr.write(`Patchbay serves on ${daemon.address}\n`)
  if (daemon.shortage !== undefined) process.stderr.write(`${daemon.shortage}\n`)
  notify('READY=1', env)
  await firstSignal()
  notify('STOPPING=1', env)
  for (const signal of ['SIGTERM', 'SIGINT']) process.once(signal, () => process.exit(1))
  await daemon.stop()
}

function firstSignal(): Promise<void> {
  return new Promise((resolve) => {
    const onSignal = () => {
      process.off('SIGTERM', onSignal).off('SIGINT', onSignal)
      resolve()
    }
    process.on('SIGTERM', onSignal).on('SIGINT', onSignal)
  })
}

/** The executable is built to interpret its code, because most calls end before compiling any would pay; a daemon stays. */
function compileCodeAsUsual(): void {
  const { Bun } = globalThis as { Bun?: { unsafe?: { setJITPolicy?(scale: number): void } } }
  Bun?.unsafe?.setJITPolicy?.(1)
}
