import { isSameRule, type Rule, targetOf } from './rule-text.ts'
import type { SavedTable } from './saved-table.ts'

/** A line for iptables-restore(8), as words: `['-A', 'POSTROUTING', '-j', 'ACCEPT']`. */
export type Command = readonly [
  action: '-A' | '-C' | '-D' | '-F' | '-I' | '-N' | '-X',
  chain: string,
  ...rule: string[],
]

/**
 * A change of a table that is made as a whole or not at all: what there is, what is to be, and the commands between the
 * two. What is already as it should be takes no command.
 */
export class TableChange {
  readonly #chains: Map<string, readonly Rule[]>
  readonly #commands: Command[] = []

  constructor(table: SavedTable) {
    this.#chains = new Map(table)
  }

  get commands(): readonly Command[] {
    return this.#commands
  }

  /** The rules of a chain, as they will be; empty for a chain that does not exist. */
  rulesOf(chain: string): readonly Rule[] {
    return this.#chains.get(chain) ?? []
  }

  hasChain(chain: string): boolean {
    return this.#chains.has(chain)
  }

  get chainNames(): readonly string[] {
    return [...this.#chains.keys()]
  }

  /** Should another process make it meanwhile, the whole change is refused, so that nothing is there twice. */
  ensureChain(chain: string): void {
    if (this.hasChain(chain)) return
    this.#commands.push(['-N', chain])
    this.#chains.set(chain, [])
  }

  /** Has the chain there, without rules. */
  emptyChain(chain: string): void {
    this.ensureChain(chain)
    if (this.rulesOf(chain).length === 0) return
    this.#commands.push(['-F', chain])
    this.#chains.set(chain, [])
  }

  /** @param rule as iptables-save(8) prints it, to be known again */
  ensureRule(chain: string, rule: Rule, options: { first?: boolean } = {}): void {
    const rules = this.rulesOf(chain)
    if (rules.some((present) => isSameRule(present, rule))) return
    this.#commands.push([options.first ? '-I' : '-A', chain, ...rule])
    this.#chains.set(chain, options.first ? [rule, ...rules] : [...rules, rule])
  }

  /** Whether it is there already or not. */
  append(chain: string, rule: Rule): void {
    this.#commands.push(['-A', chain, ...rule])
    this.#chains.set(chain, [...this.rulesOf(chain), rule])
  }

  deleteRules(chain: string, isUnwanted: (rule: Rule) => boolean): void {
    const rules = this.rulesOf(chain)
    const unwanted = rules.filter(isUnwanted)
    if (unwanted.length === 0) return
    for (const rule of unwanted) this.#commands.push(['-D', chain, ...rule])
    this.#chains.set(
      chain,
      rules.filter((rule) => !unwanted.includes(rule)),
    )
  }

  /** Deletes a chain with its rules, and all rules in `from` that lead to it. */
  removeChain(chain: string, options: { from: string }): void {
    this.deleteRules(options.from, (rule) => targetOf(rule) === chain)
    if (!this.hasChain(chain)) return
    this.emptyChain(chain)
    this.#commands.push(['-X', chain])
    this.#chains.delete(chain)
  }
}
