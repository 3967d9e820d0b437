import type { Expression } from '../expressions/index.ts'
import type { Rule } from '../rule.ts'
import type { TableMember } from '../table-member.ts'
import type { Verdict } from '../verdict.ts'
import { RuleContext, type Statement } from './rule-context.ts'

/** A comment of a rule. Made by {@link comment}. */
export interface Comment {
  readonly comment: string
}

/** What `nft` prints behind a rule, and `listRules` gives back: the place to say whose a rule is. Up to 128 bytes. */
export function comment(text: string): Comment {
  return { comment: text }
}

/**
 * A rule of a chain from its parts, which are those that `nft` has, in the same order. What it does with a packet comes last: a
 * statement such as `masquerade()`, or a verdict such as `verdict.drop`.
 *
 * ```ts
 * rule(chain, tcp.dport.is(23), verdict.drop)
 * ```
 */
export function rule(chain: TableMember, ...parts: readonly (Statement | Verdict | Comment)[]): Rule {
  const context = new RuleContext(chain.table.family)
  const expressions: Expression[] = []
  let text: string | undefined
  for (const part of parts) {
    if (typeof part === 'function') expressions.push(...part(context))
    else if ('comment' in part) text = part.comment
    else expressions.push({ kind: 'immediate', data: { dreg: 0, data: { verdict: part } } })
  }
  return { chain, expressions, comment: text }
}
