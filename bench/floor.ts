import { inProcessExecutor, type Plugin, Shared } from '@patchbay/cni/plugin'
import type { Chain } from './cases.ts'
import type { Times } from './protocol.ts'

/** As in a daemon: sockets stay open from one call to the next. */
const shared = new Shared()

/**
 * What remains when nothing is started and all code is warm: the plugins of a list called in this process. `kernel` is
 * the part of it that the system calls of the native boundary take: netlink, namespaces, locks.
 */
export async function timeInProcess(
  chain: Chain,
  call: { env: (command: string) => Record<string, string>; config: (plugin: Chain['plugins'][number]) => object },
): Promise<Times> {
  const kernel = clockNativeCalls()
  const executor = inProcessExecutor(await ownPlugins(), { shared })
  let prevResult: unknown
  const times: Record<string, number> = {}
  for (const command of ['ADD', 'DEL']) {
    const start = performance.now()
    kernel.milliseconds = 0
    for (const plugin of command === 'ADD' ? chain.plugins : [...chain.plugins].reverse()) {
      const stdin = JSON.stringify({ ...call.config(plugin), ...(prevResult !== undefined && { prevResult }) })
      const output = await executor.run(String(plugin['type']), { stdin, env: call.env(command) })
      if (command === 'ADD') prevResult = JSON.parse(output)
    }
    times[command] = performance.now() - start
    times[`${command} kernel`] = kernel.milliseconds
  }
  return times
}

/** By the names they answer to. Loaded here, after the clock: what is loaded earlier is not counted. */
async function ownPlugins(): Promise<Record<string, Plugin>> {
  const { plugins } = await import('@patchbay/plugins')
  const loaded = plugins.flatMap(({ names, load }) => names.map(async (name) => [name, await load(name)] as const))
  return Object.fromEntries(await Promise.all(loaded))
}

interface Clock {
  milliseconds: number
}

let clock: Clock | undefined

/** Counts the time spent in native functions until they return. Only what is loaded afterwards is counted. */
function clockNativeCalls(): Clock {
  if (clock) return clock
  const counted: Clock = { milliseconds: 0 }
  const load = process.dlopen
  process.dlopen = (module: { exports: Record<string, unknown> }, path: string) => {
    load.call(process, module, path)
    const entries = Object.entries(module.exports)
    module.exports = Object.fromEntries(entries.map(([name, value]) => [name, counting(value, counted)]))
  }
  clock = counted
  return counted
}

function counting(value: unknown, counted: Clock): unknown {
  if (typeof value !== 'function') return value
  return (...args: unknown[]) => {
    const start = performance.now()
    try {
      return value(...args)
    } finally {
      counted.milliseconds += performance.now() - start
    }
  }
}
