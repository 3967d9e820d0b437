import { spawn } from 'node:child_process'

/** Process groups of programs that run. */
const groups = new Set<number>()

/**
 * Runs a program in a process group of its own and gives what it prints. What it leaves running in that group ends with it,
 * and with this process when a terminal or another program ends this one.
 */
export async function outputOfGroup(
  [command = '', ...args]: readonly string[],
  options: { cwd: string; env: NodeJS.ProcessEnv },
): Promise<string> {
  const child = spawn(command, args, { ...options, detached: true, stdio: ['ignore', 'pipe', 'inherit'] })
  if (child.pid !== undefined) groups.add(child.pid)
  endGroupsWithThisProcess()
  let output = ''
  for await (const chunk of child.stdout.setEncoding('utf8')) output += chunk
  if (child.pid !== undefined) endGroup(child.pid)
  return output
}

function endGroup(group: number): void {
  groups.delete(group)
  try {
    process.kill(-group, 'SIGKILL')
  } catch (error) {
    // Nothing was left.
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error
  }
}

/** A signal of a terminal does not reach other groups. */
function endGroupsWithThisProcess(): void {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    if (process.listenerCount(signal) > 0) continue
    process.once(signal, () => {
      for (const group of groups) endGroup(group)
      process.kill(process.pid, signal)
    })
  }
}
