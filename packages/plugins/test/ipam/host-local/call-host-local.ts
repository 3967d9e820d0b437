import { callPlugin } from '@patchbay/cni/plugin'
import { isCniError, resultToJson } from '@patchbay/cni/types'
import { hostLocal } from '../../../src/ipam/host-local/index.ts'

export interface Call {
  readonly config: unknown
  readonly containerId?: string
  readonly ifName?: string
  readonly args?: string
}

export interface Answer {
  readonly status: 0 | 1
  /** What was printed, parsed; `undefined` when it was nothing. */
  readonly output: unknown
}

/** Calls the plugin, and gives what its executable would print. */
export async function callHostLocal(command: string, call: Call): Promise<Answer> {
  const env = {
    CNI_COMMAND: command,
    CNI_CONTAINERID: call.containerId ?? 'c1',
    CNI_NETNS: '/nowhere/netns',
    CNI_IFNAME: call.ifName ?? 'eth0',
    CNI_ARGS: call.args ?? '',
    CNI_PATH: '/nowhere/bin',
  }
  const executor = { find: refuse, run: refuse }
  try {
    const result = await callPlugin(hostLocal, { env, stdin: JSON.stringify(call.config), stderr: () => {}, executor })
    return { status: 0, output: result && resultToJson(result, result.cniVersion) }
  } catch (error) {
    if (!isCniError(error)) throw error
    return { status: 1, output: error.toJSON() }
  }
}

async function refuse(): Promise<never> {
  throw new Error('Cannot run another plugin: this test has one alone')
}
