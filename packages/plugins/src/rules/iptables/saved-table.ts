import { parseWords, type Rule } from './rule-text.ts'

/** A table's chains, those of the kernel among them, each with its rules in order. */
export type SavedTable = ReadonlyMap<string, readonly Rule[]>

/** Reads what `iptables-save -t TABLE` printed; of a table that nobody has used yet it prints nothing. */
export function parseSavedTable(text: string): SavedTable {
  const chains = new Map<string, Rule[]>()
  for (const line of text.split('\n')) {
    if (line.startsWith(':')) chains.set(line.slice(1, line.indexOf(' ')), [])
    if (!line.startsWith('-A ')) continue
    const [, chain = '', ...rule] = parseWords(line)
    chains.get(chain)?.push(rule)
  }
  return chains
}
