/** A step of a cleanup. */
export type CleanupStep = () => Promise<unknown> | unknown

/**
 * Runs every step, even if others fail, and reports all failures together.
 *
 * @throws the error of the one step that failed, or an AggregateError of those of several
 */
export async function runAll(...steps: CleanupStep[]): Promise<void> {
  const errors: unknown[] = []
  for (const step of steps) {
    try {
      await step()
    } catch (error) {
      errors.push(...(error instanceof AggregateError ? error.errors : [error]))
    }
  }
  if (errors.length === 1) throw errors[0]
  if (errors.length > 1) throw new AggregateError(errors)
}
