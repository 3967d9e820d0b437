import { type Command, InvalidArgumentError } from 'commander'
import { defaultSocketPath } from './socket-path.ts'

/** Adds the commands `daemon` and `status` to a command line. */
export function addDaemonCommands(program: Command, { env, execPath }: NodeJS.Process): void {
  const socketPath = env['PATCHBAY_SOCKET'] || defaultSocketPath
  program
    .command('daemon')
    .description('serve the calls of plugins, which then need no start of this executable')
    .option('--socket <path>', 'where to listen, unless systemd hands a socket over', socketPath)
    .option('--concurrency <number>', 'how many calls run at once', parseCount, 64)
    .action(async ({ socket, concurrency }: { socket: string; concurrency: number }) => {
      const { runDaemon } = await import('./run-daemon.ts')
      await runDaemon({ socketPath: socket, concurrency, executable: execPath, env })
    })
  program
    .command('status')
    .description('ask the daemon what it does')
    .option('--socket <path>', 'where it listens', socketPath)
    .option('--json', 'print an object')
    .action(async ({ socket, json }: { socket: string; json?: boolean }) => {
      const { formatStatus, readStatus } = await import('./status.ts')
      const status = await readStatus(socket)
      process.stdout.write(json ? `${JSON.stringify(status, null, 2)}\n` : formatStatus(status))
    })
}

function parseCount(text: string): number {
  if (!/^[1-9]\d{0,4}$/.test(text)) throw new InvalidArgumentError('Not a number from 1 to 99999.')
  return Number(text)
}
