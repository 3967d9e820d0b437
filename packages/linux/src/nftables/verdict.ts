import type { Value } from '../netlink/raw.ts'
import type { verdictAttributes } from './data.ts'

/** What becomes of a packet. `chain` is the one to go on in, for `jump` and `goto`. */
export type Verdict = Value<typeof verdictAttributes>

/**
 * Verdicts, named as in `nft`: statements of a rule, and values of a verdict map. Those without a chain are no functions:
 * `rule(chain, verdict.drop)`.
 */
export const verdict = {
  accept: { code: 'accept' },
  drop: { code: 'drop' },
  continue: { code: 'continue' },
  return: { code: 'return' },
  /** Goes on in another chain, and comes back when that one has nothing to say. */
  jump: (chain: string): Verdict => ({ code: 'jump', chain }),
  /** Goes on in another chain for good. */
  goto: (chain: string): Verdict => ({ code: 'goto', chain }),
} as const
