import { spawnSync } from 'node:child_process'

export interface SandboxResult {
  /** Exit status; `undefined` when the command was ended by a signal or ran out of time. */
  readonly status: number | undefined
  /** Standard output and standard error in the order they were written. */
  readonly output: string
}

export interface SandboxOptions {
  readonly cwd: string
  readonly env?: NodeJS.ProcessEnv
  readonly timeoutMs?: number
}

/**
 * Command line in front of a program that gives it a network and a mount namespace of its own and makes it root there;
 * works for root and, where the kernel grants user namespaces, for anyone.
 */
export function unshareCommand(): readonly string[] {
  const user = process.getuid?.() === 0 ? [] : ['--user', '--map-root-user']
  return ['unshare', ...user, '--net', '--mount', '--']
}

/** Whether {@link unshareCommand} works for this user on this machine. */
export function canUnshare(): boolean {
  const [command = '', ...args] = unshareCommand()
  return spawnSync(command, [...args, 'true'], { stdio: 'ignore' }).status === 0
}

/** What the program would leave behind goes to file systems in memory: named namespaces, locks, leases. */
const prelude =
  'exec 2>&1; mount -t tmpfs none /run; mount -t tmpfs none /var/lib; if command -v ip; then ip link set lo up; fi >/dev/null; exec "$@"'

/** The command line that runs a program with a network, a /run and a /var/lib of its own; it writes to one stream. */
export function sandboxCommand(program: readonly string[]): readonly string[] {
  return [...unshareCommand(), 'sh', '-ec', prelude, 'sh', ...program]
}

/** Runs a program where it can change neither the network of this machine nor its state in /run and /var/lib. */
export function runInSandbox(program: readonly string[], options: SandboxOptions): SandboxResult {
  const [command = '', ...args] = sandboxCommand(program)
  const result = spawnSync(command, args, {
    cwd: options.cwd,
    env: options.env ?? process.env,
    encoding: 'utf8',
    input: '',
    killSignal: 'SIGKILL',
    timeout: options.timeoutMs ?? 60_000,
    maxBuffer: 16 * 2 ** 20,
  })
  return { status: result.status ?? undefined, output: result.stdout + result.stderr }
}
