import { basename } from 'node:path'
import { runCalls } from './calls.ts'
import type { Chain } from './cases.ts'
import type { Times } from './protocol.ts'
import type { Container, Runtime } from './runtime.ts'

/** How many do the work, and on how many containers. */
export interface Group {
  readonly width: number
  readonly count: number
}

/** Whole lists side by side, as on a node where many pods start at once; the time is that of all of them. */
export async function parallel(runtime: Runtime, chain: Chain, { width, count }: Group): Promise<Times> {
  const containers = runtime.newContainers(count)
  const results = new Map<Container, unknown>()
  const ADD = await sideBySide(containers, width, async (container) => {
    results.set(container, await runtime.attachBeside(container, chain))
  })
  const DEL = await sideBySide(containers, width, (each) => runtime.detachBeside(each, chain, results.get(each)))
  runtime.end(containers)
  return { ADD, DEL }
}

/**
 * A node is drained: each worker detaches a container and removes its network namespace, until none is left. The kernel is
 * busy with the namespaces that have gone while the next containers are detached.
 */
export async function drain(runtime: Runtime, chain: Chain, { width, count }: Group): Promise<Times> {
  const containers = runtime.newContainers(count)
  const results = new Map<Container, unknown>()
  await sideBySide(containers, 8, async (each) => void results.set(each, await runtime.attachBeside(each, chain)))
  const env = { PATH: runtime.environment['PATH'] ?? '' }
  const all = await sideBySide(containers, width, async (container) => {
    await runtime.detachBeside(container, chain, results.get(container))
    await runCalls({ program: 'ip', args: ['netns', 'delete', basename(container.netns)], env, input: '' })
  })
  return { each: all / count }
}

/** Containers that stay. */
export async function attach(runtime: Runtime, chain: Chain, count: number): Promise<Times> {
  const attached = await sideBySide(runtime.newContainers(count), 8, async (container) => {
    await runtime.attachBeside(container, chain)
  })
  return { attached }
}

/** Milliseconds until all of it is done. */
async function sideBySide(
  containers: readonly Container[],
  width: number,
  work: (container: Container) => Promise<void>,
): Promise<number> {
  const left = [...containers]
  const start = performance.now()
  const worker = async () => {
    for (let container = left.shift(); container; container = left.shift()) await work(container)
  }
  await Promise.all(Array.from({ length: width }, worker))
  return performance.now() - start
}
