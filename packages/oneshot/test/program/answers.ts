/** What a case gives, in a form that can be printed and compared. */
export function show(value: unknown): unknown {
  if (value instanceof Error) return showError(value)
  if (typeof value === 'bigint') return `${value}n`
  if (value === undefined) return 'undefined'
  if (value instanceof Uint8Array) return `bytes ${Array.from(value).join(' ')}`
  if (Array.isArray(value)) return value.map(show)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, show(each)]))
}

/** What callers look at: not the stack, and not the text of the engine's own errors. */
function showError(error: Error): unknown {
  const { name, message, cause } = error
  const known: Record<string, unknown> = { name, message }
  for (const key of ['code', 'errno', 'syscall', 'path', 'dest', 'killed', 'signal'])
    if (key in error) known[key] = show(Reflect.get(error, key))
  if (cause !== undefined) known['cause'] = show(cause)
  return known
}

/** The answer of a function, or the error that it throws or rejects with. */
export async function answerOf(run: () => unknown): Promise<unknown> {
  try {
    return show(await run())
  } catch (error) {
    return { thrown: show(error) }
  }
}

/** Cases by their names, in the order in which they are run. */
export type Cases = Readonly<Record<string, () => unknown>>
