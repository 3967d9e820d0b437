import { readdirSync } from 'node:fs'
import type { NetlinkSocket } from '@patchbay/linux/netlink'
import { Namespace } from '@patchbay/linux/netns'
import { openRouteSocket } from '@patchbay/linux/route'
import { slowness } from './slowness.ts'

/** A fresh network namespace, and a socket in it for links, addresses and routes. */
export interface TestNamespace {
  readonly netns: Namespace
  /** By which another process finds it while the test runs: `CNI_NETNS`, `ip link set DEV netns`. */
  readonly path: string
  readonly socket: NetlinkSocket
}

/**
 * Runs `work` with fresh network namespaces by the names given, and closes them afterwards, so that the kernel ends them
 * with all that is in them. Their loopback interfaces are down, as the kernel makes them.
 */
export async function withNamespaces<const Name extends string, T>(
  names: readonly Name[],
  work: (namespaces: Record<Name, TestNamespace>) => Promise<T> | T,
): Promise<T> {
  const made: [Name, TestNamespace][] = []
  try {
    for (const name of names) made.push([name, openTestNamespace()])
    return await work(Object.fromEntries(made) as Record<Name, TestNamespace>)
  } finally {
    for (const [, { netns, socket }] of made) {
      socket.close()
      netns.close()
    }
  }
}

function openTestNamespace(): TestNamespace {
  const netns = Namespace.create()
  return { netns, path: netns.path, socket: openRouteSocket({ netns }) }
}

/** How many descriptors this process has open: equal before and after means that nothing was forgotten. */
export function openDescriptors(): number {
  return readdirSync('/proc/self/fd').length
}

/**
 * Waits until a condition holds, 10 seconds at most, or longer on a slow machine.
 *
 * @param what names it in the error
 */
export async function eventually(condition: () => boolean, what: string): Promise<void> {
  const deadline = performance.now() + 10_000 * slowness
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`${what} did not come within ${10 * slowness} s`)
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
}
