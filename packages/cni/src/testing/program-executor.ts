import type { Executor } from '../exec/index.ts'
import { pluginFailure } from '../exec/plugin-failure.ts'
import { quote } from '../json/index.ts'
import type { InProcessOptions, PluginWorld } from '../plugin/index.ts'
import { PluginNotFoundError } from '../types/index.ts'

/** What a plugin's executable does with its world; returns the exit status. {@link runNoop} is one. */
export type PluginProgram = (world: PluginWorld) => Promise<number>

/**
 * An executor that runs programs, by type, inside this process: to test what is text to a runtime, without executables. A
 * program's failure is reported as that of a process would be, and what it wrote to standard error is handed on when it
 * succeeds. Plugins are run by `inProcessExecutor` of `@patchbay/cni/plugin`.
 */
export function programExecutor(
  programs: Readonly<Record<string, PluginProgram>>,
  { stderr = () => undefined, hostNetns = '/proc/self/ns/net', shared }: InProcessOptions = {},
): Executor {
  const executor: Executor = {
    async find(type, path) {
      if (Object.hasOwn(programs, type)) return type
      throw new PluginNotFoundError(type, path)
    },
    async run(path, { stdin, env, signal }) {
      signal?.throwIfAborted()
      const program = programs[path]
      if (program === undefined) throw new Error(`Cannot run plugin ${quote(path)}: it was not found`)
      const written = { stdout: '', stderr: '' }
      const status = await program({
        env,
        readStdin: async () => stdin,
        stdout: (text) => {
          written.stdout += text
        },
        stderr: (text) => {
          written.stderr += text
        },
        executor,
        hostNetns,
        ...(signal ? { signal } : {}),
        ...(shared ? { shared } : {}),
      })
      if (status !== 0) throw pluginFailure(path, { end: { kind: 'exited', status }, ...written, overflowed: false })
      if (written.stderr !== '') stderr(written.stderr)
      return written.stdout
    },
  }
  return executor
}
