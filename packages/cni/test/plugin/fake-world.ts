import assert from 'node:assert/strict'
import type { Executor } from '../../src/exec/index.ts'
import { dispatch, type Plugin, type PluginWorld } from '../../src/plugin/index.ts'

/** What a caller sees of one call. */
export interface Seen {
  status: number
  stdout: string
  stderr: string
  /** How often standard input was read. */
  reads: number
}

const noDelegates: Executor = {
  find: () => Promise.reject(new Error('no delegates here')),
  run: () => Promise.reject(new Error('no delegates here')),
}

/** Calls a plugin as a runtime would: with an environment and a configuration. */
export async function call(
  plugin: Plugin,
  env: Record<string, string | undefined>,
  { stdin = '', ...world }: Partial<Omit<PluginWorld, 'env'>> & { stdin?: string | object } = {},
): Promise<Seen> {
  const seen: Seen = { status: -1, stdout: '', stderr: '', reads: 0 }
  seen.status = await dispatch(plugin, {
    executor: noDelegates,
    hostNetns: '/proc/self/ns/net',
    readStdin: () => {
      seen.reads++
      return Promise.resolve(typeof stdin === 'string' ? stdin : JSON.stringify(stdin))
    },
    stdout: (text) => {
      assert.ok(text !== '' && seen.stdout === '', 'standard output gets one document or none')
      seen.stdout += text
    },
    stderr: (text) => {
      seen.stderr += text
    },
    ...world,
    env,
  })
  return seen
}

/** An error object as a plugin prints it. */
export function errorText(code: number, msg: string, details?: string): string {
  return JSON.stringify(details === undefined ? { code, msg } : { code, msg, details }, null, 4)
}

/** The environment of an ADD or DEL, complete. */
export function attachment(command: string, more: Record<string, string> = {}): Record<string, string> {
  return {
    CNI_COMMAND: command,
    CNI_CONTAINERID: 'c1',
    CNI_NETNS: '/nope',
    CNI_IFNAME: 'eth0',
    CNI_PATH: '/opt/cni/bin',
    ...more,
  }
}
