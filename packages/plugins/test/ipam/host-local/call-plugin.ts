import { dispatch } from '@patchbay/cni/plugin'
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

/** Calls the plugin as its executable does, within this process. */
export async function callPlugin(command: string, call: Call): Promise<Answer> {
  let output = ''
  const status = await dispatch(hostLocal, {
    env: {
      CNI_COMMAND: command,
      CNI_CONTAINERID: call.containerId ?? 'c1',
      CNI_NETNS: '/nowhere/netns',
      CNI_IFNAME: call.ifName ?? 'eth0',
      CNI_ARGS: call.args ?? '',
      CNI_PATH: '/nowhere/bin',
    },
    readStdin: async () => JSON.stringify(call.config),
    stdout: (text) => {
      output += text
    },
    stderr: () => {},
    executor: { find: refuse, run: refuse },
    hostNetns: '/proc/self/ns/net',
  })
  return { status, output: output === '' ? undefined : JSON.parse(output) }
}

async function refuse(): Promise<never> {
  throw new Error('Cannot run another plugin: there is none in this test')
}
