import { isAbsolute, join } from 'node:path'
import type { Outcome, World } from './world.ts'

/** A system call that names a file. */
export interface FileCall {
  readonly call: string
  /** Absolute. A file system that is mounted nowhere begins at `/`. */
  readonly path: string
}

const fileCall = /\b(open|openat|openat2|creat|execve)\((?:(?:AT_FDCWD|\d+)(?:<([^>]*)>)?, )?"([^"]*)"/

/**
 * Runs a program in a directory and lists the files that it, its threads and its children opened or executed, in order.
 * The first is the program itself.
 */
export function traceFiles(
  world: World,
  program: readonly string[],
  { cwd, env, input = '' }: { cwd: string; env: NodeJS.ProcessEnv; input?: string },
): Outcome & { readonly calls: FileCall[] } {
  const log = '/run/system-calls'
  const variables = Object.entries(env).map(([name, value]) => `${name}=${value}`)
  const strace = ['strace', '-f', '-y', '-e', 'trace=open,openat,openat2,creat,execve', '-o', log]
  const outcome = world.run(
    [
      'sh',
      '-c',
      'cd "$0" && cat >/run/input && exec "$@" </run/input',
      cwd,
      ...strace,
      'env',
      '-i',
      ...variables,
      ...program,
    ],
    { input },
  )
  const lines = world.shell(`cat ${log}`).split('\n')
  const calls = lines.flatMap((line): FileCall[] => {
    const [, call, directory = cwd, path] = fileCall.exec(line) ?? []
    if (call === undefined || path === undefined) return []
    return [{ call, path: isAbsolute(path) ? path : join(directory, path) }]
  })
  const start = calls.findIndex(({ call, path }) => call === 'execve' && path === program[0])
  return { ...outcome, calls: calls.slice(start) }
}
