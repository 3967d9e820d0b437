import type { Executor } from '../exec/index.ts'
import { dispatch } from './dispatch.ts'
import type { Plugin } from './plugin.ts'
import { processDelegates } from './process-delegates.ts'
import type { Shared } from './shared.ts'
import { readToEnd, writeDiagnostics, writeFully } from './standard-streams.ts'
import type { PluginWorld } from './world.ts'

export interface RunOptions {
  /** Version of the plugin's program for its about text: `v1.9.1`. */
  version?: string | undefined
  /** Finds and runs the plugins that this one delegates to; as processes by default. */
  executor?: Executor | undefined
  /** What the plugin shares with those that `executor` runs in-process. */
  shared?: Shared | undefined
}

/**
 * Runs a plugin as this process: what a plugin's `main` calls, and all that it calls.
 *
 * ```ts
 * await runPlugin({ name: 'example', add: async (request) => ({ ... }) }, { version: 'v1.0.0' })
 * ```
 *
 * Reads the environment and standard input, writes one document to standard output, and sets the exit status; the
 * process ends once nothing is under way any more. SIGTERM, SIGINT and SIGHUP abort the request's signal, and a second one
 * kills; while standard input is read, when nothing has been done yet, the first one does. Standard output belongs to the
 * protocol: `console.log` and its like write to standard error from here on. What is for standard error is dropped when it
 * cannot be written.
 */
export async function runPlugin(plugin: Plugin, options: RunOptions = {}): Promise<void> {
  const { version, executor = processDelegates, shared } = options
  console.log = console.info = console.debug = console.error
  const terminated = new AbortController()
  const onSignal = (signal: string) =>
    terminated.abort(new Error(`Cannot finish "${plugin.name}": terminated by ${signal}`))
  const world: PluginWorld = {
    env: process.env,
    readStdin: async () => {
      const config = await readToEnd(0)
      for (const signal of endingSignals) process.once(signal, onSignal)
      return config
    },
    stdout: (text) => writeFully(1, text),
    stderr: writeDiagnostics,
    executor,
    hostNetns: '/proc/self/ns/net',
    ...(version === undefined ? {} : { about: version }),
    ...(shared && { shared }),
    signal: terminated.signal,
  }
  try {
    process.exitCode = await dispatch(plugin, world)
  } finally {
    for (const signal of endingSignals) process.off(signal, onSignal)
  }
}

/** What ends a program unless it does something about it. */
const endingSignals = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const
