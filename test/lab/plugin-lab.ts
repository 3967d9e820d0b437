import assert from 'node:assert/strict'
import type { Executor } from '@patchbay/cni/exec'
import { callPlugin, inProcessExecutor, type Plugin, Shared } from '@patchbay/cni/plugin'
import { isCniError, parseResult, type Result, resultToJson } from '@patchbay/cni/types'
import { hostLocal } from '@patchbay/plugins/host-local'
import { staticIpam } from '@patchbay/plugins/static'
import { type TestNamespace, withNamespaces } from './namespace-fixture.ts'
import type { JsonObject } from './witness.ts'

/** What a call of a plugin gave. */
export interface Reply {
  readonly status: 0 | 1
  /** What it printed: a result, an error, or nothing. */
  readonly document: JsonObject
  readonly stderr: string
}

export interface CallOptions {
  container?: TestNamespace
  containerId?: string
  ifName?: string
  /** Path of the container's namespace, where it is not that of `container`. */
  netns?: string
  /** `CNI_ARGS` */
  args?: string
}

/** What the IPAM plugin `ipam` does with ADD: gives a result, or fails. */
export type IpamAnswer = JsonObject | Error

/** A host and containers to run plugins of ours on, in this process. */
export class PluginLab {
  readonly host: TestNamespace
  readonly container: TestNamespace
  /** Another container. */
  readonly other: TestNamespace
  /** Calls of IPAM plugins: `ADD ipam`. */
  readonly calls: string[] = []
  /** What the IPAM plugin `ipam` answers. */
  ipam: IpamAnswer = { cniVersion: '1.1.0', ips: [{ address: '10.1.2.3/24', gateway: '10.1.2.1' }] }
  /** What the IPAM plugin `ipam` does first with ADD. */
  beforeIpam: () => void = () => {}
  /** What the IPAM plugin `ipam` fails with on DEL. */
  releaseError: Error | undefined
  /** More of the caller's environment. */
  env: Readonly<Record<string, string>> = {}
  readonly #executor: Executor
  readonly #shared = new Shared()

  constructor(namespaces: Record<'host' | 'container' | 'other', TestNamespace>) {
    this.host = namespaces.host
    this.container = namespaces.container
    this.other = namespaces.other
    const plugins = { ipam: this.#ipamPlugin(), static: staticIpam, 'host-local': hostLocal }
    const executor = inProcessExecutor(plugins, { hostNetns: this.host.path, shared: this.#shared })
    this.#executor = {
      find: (type, path) => executor.find(type, path),
      run: (path, call) => {
        this.calls.push(`${call.env['CNI_COMMAND']} ${path}`)
        return executor.run(path, call)
      },
    }
  }

  #ipamPlugin(): Plugin {
    return {
      name: 'ipam',
      add: async (): Promise<Result> => {
        this.beforeIpam()
        if (this.ipam instanceof Error) throw this.ipam
        return parseResult(this.ipam)
      },
      del: async () => {
        if (this.releaseError) throw this.releaseError
      },
    }
  }

  async call(plugin: Plugin, command: string, config: JsonObject, options: CallOptions = {}): Promise<Reply> {
    const { container = this.container, ifName = 'eth0', args = '' } = options
    const env = {
      CNI_COMMAND: command,
      CNI_CONTAINERID: options.containerId ?? 'c1',
      CNI_NETNS: options.netns ?? container.path,
      CNI_IFNAME: ifName,
      CNI_PATH: '/nowhere',
      CNI_ARGS: args,
      ...this.env,
    }
    let stderr = ''
    const reply = await answerOf(
      callPlugin(plugin, {
        env,
        stdin: JSON.stringify({ cniVersion: '1.1.0', name: 'net1', type: plugin.name, ...config }),
        stderr: (text) => {
          stderr += text
        },
        executor: this.#executor,
        hostNetns: this.host.path,
        shared: this.#shared,
      }),
    )
    return { ...reply, stderr }
  }

  /** Calls ADD, which must succeed, and returns the result. */
  async add(plugin: Plugin, config: JsonObject, options: CallOptions = {}): Promise<JsonObject> {
    const { status, document } = await this.call(plugin, 'ADD', config, options)
    assert.equal(status, 0, JSON.stringify(document))
    return document
  }

  /** Closes what calls share. */
  [Symbol.dispose](): void {
    this.#shared[Symbol.dispose]()
  }

  /** Calls DEL, which must succeed. */
  async del(plugin: Plugin, config: JsonObject, options: CallOptions = {}): Promise<void> {
    const { status, document } = await this.call(plugin, 'DEL', config, options)
    assert.equal(status, 0, JSON.stringify(document))
  }
}

/** What the executable would print, and its exit status. */
async function answerOf(call: Promise<Result | undefined>): Promise<Omit<Reply, 'stderr'>> {
  try {
    const result = await call
    return { status: 0, document: result ? resultToJson(result, result.cniVersion) : {} }
  } catch (error) {
    if (!isCniError(error)) throw error
    return { status: 1, document: error.toJSON() }
  }
}

/** Runs `work` with fresh namespaces. */
export async function withLab(work: (lab: PluginLab) => Promise<void>): Promise<void> {
  await withNamespaces(['host', 'container', 'other'], async (namespaces) => {
    using lab = new PluginLab(namespaces)
    await work(lab)
  })
}
