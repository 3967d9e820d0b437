/**
 * Waits in a system call on another thread, which `wake` ends when the signal is aborted.
 *
 * @throws the signal's reason when it is aborted; what has been received by then is lost
 */
export async function wakeOnAbort<T>(
  signal: AbortSignal | undefined,
  wake: () => void,
  wait: () => Promise<T>,
): Promise<T> {
  if (signal === undefined) return wait()
  signal.throwIfAborted()
  signal.addEventListener('abort', wake)
  let result: T
  try {
    result = await wait()
  } finally {
    signal.removeEventListener('abort', wake)
  }
  signal.throwIfAborted()
  return result
}
