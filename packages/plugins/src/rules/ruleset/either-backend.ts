import { UnsupportedRulesError } from './unsupported-rules.ts'

/**
 * Makes rules by nf_tables, and by something else where the kernel lacks what they need. The kernel says so only when the
 * rules are declared: no question is asked where they are there already.
 *
 * @param options.other loads the other one; called when it is needed
 * @returns what `add` gives
 * @throws Error saying what the kernel lacks as well, when the other one fails
 */
export async function byEither<B, T>(
  nftables: B,
  { other, add }: { other: () => Promise<B>; add: (backend: B) => Promise<T> },
): Promise<T> {
  try {
    return await add(nftables)
  } catch (error) {
    if (!(error instanceof UnsupportedRulesError)) throw error
    const second = await other()
    try {
      return await add(second)
    } catch (cause) {
      throw new Error(`${error.message}; and by iptables: ${cause instanceof Error ? cause.message : cause}`, { cause })
    }
  }
}
