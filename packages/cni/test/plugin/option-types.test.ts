import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { DelegateOptions, ExecOptions, PluginArgs, PluginCall, PluginRun } from '../../src/exec/index.ts'
import {
  callPlugin,
  type InProcessCall,
  type InProcessOptions,
  type Plugin,
  type RunOptions,
} from '../../src/plugin/index.ts'
import type { CallOptions, CniOptions, GcArgs, RuntimeConf } from '../../src/runtime/index.ts'
import { CniError, type CniErrorOptions, type PluginNotFoundOptions } from '../../src/types/index.ts'

type OptionalKeys<T> = { [K in keyof T]-?: object extends Pick<T, K> ? K : never }[keyof T]

/** Whether every optional key of a type may be there without a value, as callers that are compiled most strictly need it. */
type TakesUndefined<T> = { readonly [K in OptionalKeys<T>]: undefined } extends Pick<T, OptionalKeys<T>> ? true : never

/** Does not compile when one of them does not. */
export const optionTypes: [
  TakesUndefined<CallOptions>,
  TakesUndefined<CniErrorOptions>,
  TakesUndefined<CniOptions>,
  TakesUndefined<DelegateOptions>,
  TakesUndefined<ExecOptions>,
  TakesUndefined<GcArgs>,
  TakesUndefined<InProcessCall>,
  TakesUndefined<InProcessOptions>,
  TakesUndefined<PluginArgs>,
  TakesUndefined<PluginCall>,
  TakesUndefined<PluginNotFoundOptions>,
  TakesUndefined<PluginRun>,
  TakesUndefined<RunOptions>,
  TakesUndefined<RuntimeConf>,
] = [true, true, true, true, true, true, true, true, true, true, true, true, true, true]

test('callPlugin() takes options that are undefined for absent', async () => {
  const plugin: Plugin = {
    name: 'strict',
    versions: undefined,
    status: async ({ signal }) => {
      throw new CniError('tryAgainLater', `signal ${signal}`, { details: undefined })
    },
  }
  const args = { command: 'STATUS', containerId: undefined, netns: undefined, path: '/', args: undefined }
  const config = { cniVersion: '1.1.0', name: 'net' }
  const call = { args, config, env: undefined, signal: undefined, executor: undefined, shared: undefined }
  await assert.rejects(callPlugin(plugin, call), { code: 11, message: 'signal undefined' })
})
