import { isAtLeast } from '@patchbay/cni/types'
import { runCall } from './calls.ts'
import type { Chain } from './cases.ts'
import { runMeasured } from './process-memory.ts'
import type { Times } from './protocol.ts'
import type { Runtime } from './runtime.ts'

/** One container comes and goes. */
export function once(runtime: Runtime, chain: Chain): Times {
  const container = runtime.newContainer()
  const { milliseconds: ADD, result } = runtime.attach(container, chain)
  const DEL = runtime.detach(container, chain, result)
  runtime.end([container])
  return { ADD, DEL }
}

/** The time of one ADD, and of one DEL, when the next follows at once: as when a node starts, or is drained. */
export function inARow(runtime: Runtime, chain: Chain, count: number): Times {
  const containers = runtime.newContainers(count)
  const attached = containers.map((container) => ({ container, ...runtime.attach(container, chain) }))
  const ADD = attached.reduce((sum, { milliseconds }) => sum + milliseconds, 0)
  const DEL = attached.reduce((sum, { container, result }) => sum + runtime.detach(container, chain, result), 0)
  runtime.end(containers)
  return { ADD: ADD / count, DEL: DEL / count }
}

/** An ADD that finds the kernel busy with what the DEL before it has left: of the same container, or of another. */
export function replace(runtime: Runtime, chain: Chain, which: 'same' | 'another'): Times {
  const container = runtime.newContainer()
  const next = which === 'same' ? container : runtime.newContainer()
  const { result } = runtime.attach(container, chain)
  runtime.detach(container, chain, result)
  const { milliseconds: ADD, result: nextResult } = runtime.attach(next, chain)
  runtime.detach(next, chain, nextResult)
  runtime.end(which === 'same' ? [container] : [container, next])
  return { ADD }
}

/** Nothing for a list of a version that has no CHECK. */
export function check(runtime: Runtime, chain: Chain): Times {
  if (!isAtLeast(chain.cniVersion, '0.4.0')) return {}
  const container = runtime.newContainer()
  const { result } = runtime.attach(container, chain)
  const CHECK = runtime.check(container, chain, result)
  runtime.detach(container, chain, result)
  runtime.end([container])
  return { CHECK }
}

/** Nothing for a list of a version that has no STATUS. */
export function status(runtime: Runtime, chain: Chain): Times {
  const newest = inNewest(chain)
  return newest === undefined ? {} : { STATUS: runtime.askAll('STATUS', newest) }
}

/** Nothing for a list of a version that has no GC. */
export function collect(runtime: Runtime, chain: Chain, { count, stale }: { count: number; stale: number }): Times {
  const newest = inNewest(chain)
  if (newest === undefined) return {}
  const containers = runtime.newContainers(count)
  const results = containers.map((container) => runtime.attach(container, newest).result)
  const valid = containers.slice(stale).map(({ id }) => ({ containerID: id, ifname: 'eth0' }))
  const GC = runtime.askAll('GC', newest, { 'cni.dev/valid-attachments': valid })
  containers.forEach((container, at) => {
    runtime.detach(container, newest, results[at])
  })
  runtime.end(containers)
  return { GC }
}

export function version(runtime: Runtime, plugin: string): Times {
  return { VERSION: runCall(runtime.call(plugin, { CNI_COMMAND: 'VERSION' }, { cniVersion: '1.1.0' })).milliseconds }
}

/** The largest process of all calls of a list, what it has started included. */
export function callMemory(runtime: Runtime, chain: Chain): Times {
  const container = runtime.newContainer()
  const largest = { ADD: 0, DEL: 0 }
  const measured = (command: keyof typeof largest) => (call: Parameters<typeof runMeasured>[0]) => {
    const { mebibytes, output } = runMeasured(call)
    largest[command] = Math.max(largest[command], mebibytes ?? 0)
    return { milliseconds: 0, output }
  }
  const { result } = runtime.attach(container, chain, measured('ADD'))
  runtime.detach(container, chain, result, measured('DEL'))
  runtime.end([container])
  return { 'ADD, RSS, MiB': largest.ADD, 'DEL, RSS, MiB': largest.DEL }
}

/** The lists that the bench brings are of an older version, which more plugins speak. */
function inNewest(chain: Chain): Chain | undefined {
  if (isAtLeast(chain.cniVersion, '1.1.0')) return chain
  return chain.isOwn ? { ...chain, cniVersion: '1.1.0' } : undefined
}
