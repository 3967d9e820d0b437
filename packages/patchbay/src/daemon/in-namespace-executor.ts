import type { Executor } from '@patchbay/cni/exec'

export interface InNamespaceOptions {
  /** A path to the network namespace that plugins are to run in, as this process sees it: `/proc/self/fd/7`. */
  readonly netns: string
  /** The shim, which enters it; when absent, plugins are run in this process's own. */
  readonly shim: string | undefined
}

/**
 * Runs plugins as another executor does, but in a caller's network namespace. What they call in turn does not come back to
 * the daemon, where it could wait for the turn of the very call that it is part of.
 */
export function inNamespaceExecutor(executor: Executor, { netns, shim }: InNamespaceOptions): Executor {
  return {
    find: (type, path) => executor.find(type, path),
    run(path, call) {
      const env = { ...call.env, PATCHBAY_SOCKET: '' }
      if (shim === undefined) return executor.run(path, { ...call, env })
      // The child has descriptors of its own, but may look at ours.
      const place = netns.replace('/proc/self/', `/proc/${process.pid}/`)
      return executor.run(shim, { ...call, env: { ...env, PATCHBAY_NETNS: place, PATCHBAY_PROGRAM: path } })
    },
  }
}
