/** What a process or a machine lacks for a moment, and `EINTR`: they say nothing of what was asked for. */
const shortages: readonly unknown[] = ['EAGAIN', 'EINTR', 'EMFILE', 'ENFILE', 'ENOBUFS', 'ENOMEM']

/**
 * Whether an error, or what it was caused by, leaves open what the answer would have been. Who takes an error for an answer, such as "there is no such
 * file", must not take this one for it: DEL would leave what it did not see, and say that all is well.
 */
export function isShortage(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  if (error instanceof AggregateError) return error.errors.some(isShortage)
  return ('code' in error && shortages.includes(error.code)) || isShortage(error.cause)
}
