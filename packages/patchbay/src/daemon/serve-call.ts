import { type Executor, processExecutor } from '@patchbay/cni/exec'
import { dispatch, type Plugin } from '@patchbay/cni/plugin'
import { ownExecutor } from '../executor/own-executor.ts'
import { version } from '../executor/version.ts'
import type { CallerNamespace } from './caller-namespaces.ts'
import { inNamespaceExecutor } from './in-namespace-executor.ts'
import type { ShimRequest } from './request-reader.ts'

export interface ServeOptions {
  readonly namespace: CallerNamespace
  /** Whether a file is one of our own plugins: those are run in this process. */
  readonly isOwn: (path: string) => boolean
  /** Where the shim is that other plugins are started through when their caller is not in the daemon's own namespace. */
  readonly shim: string
  readonly signal: AbortSignal
  readonly stderr: (text: string) => void
}

/** What a call printed to standard output, and its exit status. */
export interface Served {
  readonly status: number
  readonly stdout: string
}

/** Carries a call out as a process run by the caller would. Never rejects for what the plugin does. */
export async function serveCall(plugin: Plugin, request: ShimRequest, options: ServeOptions): Promise<Served> {
  const { namespace, isOwn, signal, stderr } = options
  let stdout = ''
  const status = await dispatch(plugin, {
    env: request.env,
    readStdin: async () => request.stdin,
    stdout: (text) => {
      stdout += text
    },
    stderr,
    executor: ownExecutor({ isOwn, hostNetns: namespace.path, stderr, others: () => executorOf(options) }),
    hostNetns: namespace.path,
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
