import { type Executor, processExecutor } from '@patchbay/cni/exec'
import { dispatch, type Plugin, type Shared } from '@patchbay/cni/plugin'
import { ownExecutor } from '../executor/own-executor.ts'
import type { LoadedPlugins } from '../executor/programs.ts'
import { version } from '../executor/version.ts'
import type { CallerNamespace } from './caller-namespaces.ts'
import { inNamespaceExecutor } from './in-namespace-executor.ts'
import type { ShimRequest } from './request-reader.ts'

/** What the calls of a daemon have in common. */
export interface ServingProgram {
  /** Whether a file is one of our own plugins: those are run in this process. */
  readonly isOwn: (path: string) => boolean
  /** Where the shim is that other plugins are started through when their caller is not in the daemon's own namespace. */
  readonly shim: string
  readonly plugins: LoadedPlugins
  readonly shared: Shared
}

export interface ServeOptions extends ServingProgram {
  readonly namespace: CallerNamespace
  readonly signal: AbortSignal
  readonly stderr: (text: string) => void
}

/** What a call printed to standard output, and its exit status. */
export interface CallOutcome {
  readonly status: number
  readonly stdout: string
}

/** Carries a call out as a process run by the caller would. Never rejects for what the plugin does. */
export async function serveCall(plugin: Plugin, request: ShimRequest, options: ServeOptions): Promise<CallOutcome> {
  const { namespace, isOwn, plugins, shared, signal, stderr } = options
  const { path: hostNetns } = namespace
  let stdout = ''
  const status = await dispatch(plugin, {
    env: request.env,
    readStdin: async () => request.stdin,
    stdout: (text) => {
      stdout += text
    },
    stderr,
    executor: ownExecutor({ isOwn, hostNetns, stderr, others: () => executorOf(options), shared, loaded: plugins }),
    hostNetns,
    shared,
    about: `v${version}`,
    signal,
  })
  return { status, stdout }
}

/** Runs plugins that are not ours. */
function executorOf({ namespace, shim, stderr }: ServeOptions): Executor {
  const processes = processExecutor({ stderr, forward: 'always', group: 'own' })
  return inNamespaceExecutor(processes, { netns: namespace.path, shim: namespace.isOwn ? undefined : shim })
}
