import type { Executor } from '../exec/index.ts'

/** Runs delegates as processes; what that takes is loaded when the first one is run. */
export const processDelegates: Executor = {
  find: async (type, path) => (await delegates()).find(type, path),
  run: async (path, call) => (await delegates()).run(path, call),
}

async function delegates(): Promise<Executor> {
  const { processExecutor } = await import('../exec/process-executor.ts')
  // A delegate's standard error is the caller's, whatever the outcome (CNI 1.1 §"Section 4").
  return processExecutor({ forward: 'always' })
}
