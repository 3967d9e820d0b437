import { toCniError } from '@patchbay/cni/plugin'

/** What a plugin prints for an error that is thrown. */
export async function shownError(work: () => unknown): Promise<{ msg: string; details: string }> {
  try {
    await work()
  } catch (error) {
    const { msg, details } = toCniError(error)
    return { msg, details }
  }
  throw new Error('Nothing was thrown')
}
