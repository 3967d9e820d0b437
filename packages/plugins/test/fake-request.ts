import type { JsonObject } from '@patchbay/cni/json'
import { type Request, Shared } from '@patchbay/cni/plugin'
import type { Result } from '@patchbay/cni/types'

/** A call of a plugin that is given nothing but a configuration; what it delegates is recorded. */
export interface FakeRequest extends Request {
  readonly delegated: string[]
}

export function fakeRequest(config: JsonObject, options: Partial<Request> = {}): FakeRequest {
  const delegated: string[] = []
  return {
    command: 'ADD',
    containerId: 'c1',
    netns: '/run/netns/c1',
    ifName: 'eth0',
    args: '',
    path: [],
    hostNetns: '/proc/self/ns/net',
    shared: new Shared(),
    env: {},
    name: 'net1',
    cniVersion: '1.1.0',
    stdin: JSON.stringify(config),
    config,
    warn: () => {},
    delegate: async (type, command): Promise<Result | undefined> => {
      delegated.push(`${command} ${type}`)
      return undefined
    },
    ...options,
    delegated,
  }
}
