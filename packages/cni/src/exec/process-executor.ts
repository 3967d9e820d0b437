import { writeSync } from 'node:fs'
import type { Executor, PluginCall } from './executor.ts'
import { findInPath } from './find-in-path.ts'
import { pluginFailure } from './plugin-failure.ts'
import { type ProcessInput, type ProcessOutcome, runProcess } from './run-process.ts'

export interface ExecOptions {
  /** Gets what a plugin wrote to standard error; by default it goes to this process's own. */
  stderr?: ((text: string) => void) | undefined
  /**
   * When standard error is handed on: once the plugin has succeeded (the default: of one that fails it is part of the
   * error, where it printed none), or as it is written, whatever the outcome: what a plugin does for its delegates.
   */
  forward?: 'success' | 'always' | undefined
  /**
   * Whose process group a plugin runs in. In its `own` (the default, but on Windows) an aborted signal kills
   * everything that the plugin started. A plugin's delegates belong in the `caller`'s: who kills that kills them
   * too.
   */
  group?: 'own' | 'caller' | undefined
  /** Milliseconds between attempts to start a plugin that is being written (`ETXTBSY`); 1000 by default. */
  retryDelayMs?: number | undefined
}

/** How often a plugin that is being written is tried in all. */
const attempts = 6

/**
 * Returns the executor that runs plugins as processes. A plugin may write up to 16 MiB to standard output; 1 MiB of
 * its standard error is kept. It has ended when its own process has, even if a process it left behind keeps these
 * open.
 *
 * `run` rejects with the CniError that the plugin printed, with a CniError of code 0 when it printed none, and with
 * the signal's reason when that is aborted; the plugin has been killed then.
 */
export function processExecutor(options: ExecOptions = {}): Executor {
  return { find: findInPath, run: (path, call) => execPlugin(path, call, options) }
}

/** Runs the plugin at `path` and returns its standard output; see {@link processExecutor}. */
export async function execPlugin(path: string, call: PluginCall, options: ExecOptions = {}): Promise<string> {
  const { stderr = writeStderr, forward = 'success', group = 'own' } = options
  const decoder = new TextDecoder()
  const onStderr = (chunk: Uint8Array) => stderr(decoder.decode(chunk, { stream: true }))
  const input = { ...call, ownGroup: group === 'own' && process.platform !== 'win32' }
  const outcome = await runUnlessBusy(path, forward === 'always' ? { ...input, onStderr } : input, options)
  if (outcome.overflowed || outcome.end.kind !== 'exited' || outcome.end.status !== 0) {
    throw pluginFailure(path, outcome)
  }
  if (forward === 'success' && outcome.stderr !== '') stderr(outcome.stderr)
  return outcome.stdout
}

async function runUnlessBusy(
  path: string,
  input: ProcessInput,
  { retryDelayMs = 1000 }: ExecOptions,
): Promise<ProcessOutcome> {
  for (let attempt = 1; ; attempt++) {
    const outcome = await runProcess(path, input)
    const busy = outcome.end.kind === 'failed' && outcome.end.code === 'ETXTBSY'
    if (!busy || attempt === attempts) return outcome
    await delay(retryDelayMs, input.signal)
  }
}

/** Resolves after so many milliseconds; rejects with the signal's reason as soon as it is aborted. */
function delay(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const onAbort = () => {
      clearTimeout(timer)
      reject(signal?.reason)
    }
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', onAbort)
      resolve()
    }, ms)
    signal?.addEventListener('abort', onAbort, { once: true })
    if (signal?.aborted) onAbort()
  })
}

function writeStderr(text: string): void {
  try {
    writeSync(2, text)
  } catch {
    // These messages are human-readable only: a closed standard error does not fail a plugin.
  }
}
