/** What a process or a machine lacks for a moment, and `EINTR`: they say nothing of what was asked for. */
const shortages: readonly unknown[] = ['EAGAIN', 'EINTR', 'EMFILE', 'ENFILE', 'ENOBUFS', 'ENOMEM']

/**
 * Whether an error leaves open what the answer would have been. Who takes an error for an answer, such as "there is no such
 * file", must not take this one for it: DEL would leave what it did not see, and say that all is well.
 */
export function isShortage(error: unknown): boolean {
  return error instanceof Error && 'code' in error && shortages.includes(error.code)
}
