import type { Expression } from '../expressions/index.ts'
import type { Family } from '../family.ts'

/** What a rule knows where one of its parts stands: the family of its table, and what the parts before have found out. */
export class RuleContext {
  readonly family: Family
  readonly #facts = new Set<string>()

  constructor(family: Family) {
    this.family = family
  }

  /** Notes that from here on packets have some property; false when that was known. */
  learn(fact: string): boolean {
    if (this.#facts.has(fact)) return false
    this.#facts.add(fact)
    return true
  }
}

/** A part of a rule: what to compare or to do, as expressions. */
export type Statement = (context: RuleContext) => readonly Expression[]

/** Registers are sixteen bytes each, of which only four are used, or four: the number of the one `slot` times four bytes on. */
export function register(slot: number): number {
  return slot % 4 === 0 ? 1 + slot / 4 : 8 + slot
}
