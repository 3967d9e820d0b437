/** What a rule says behind the name of its chain, as words: `['-s', '10.1.2.3/32', '-j', 'ACCEPT']`. */
export type Rule = readonly string[]

const plain = /^[\w./:,=@%+!#-]+$/

/**
 * Words as iptables-restore(8) reads them, in quotes where that is needed.
 *
 * @throws RangeError for a word that would end the line
 */
export function formatWords(words: readonly string[]): string {
  return words.map(formatWord).join(' ')
}

function formatWord(word: string): string {
  if (plain.test(word)) return word
  if (/[\n\r\0]/.test(word)) throw new RangeError(`Cannot write rule: ${JSON.stringify(word)} does not fit on a line`)
  return `"${word.replace(/["\\]/g, '\\$&')}"`
}

const word = /"((?:[^"\\]|\\.)*)"|\S+/g

/** The words of a line that iptables-save(8) printed. */
export function parseWords(line: string): string[] {
  return [...line.matchAll(word)].map(([whole, quoted]) =>
    quoted === undefined ? whole : quoted.replace(/\\(.)/g, '$1'),
  )
}

/** Whether two rules say the same. In which order they say it depends on the version of the tool. */
export function isSameRule(a: Rule, b: Rule): boolean {
  return a.length === b.length && [...a].sort().join('\0') === [...b].sort().join('\0')
}

/** The word after an option: of `-j` the target, of `--comment` the comment. */
export function wordAfter(rule: Rule, option: string): string | undefined {
  const at = rule.indexOf(option)
  return at < 0 ? undefined : rule[at + 1]
}

/** Where a rule leads: another chain, or what becomes of the packet. */
export function targetOf(rule: Rule): string | undefined {
  return wordAfter(rule, '-j')
}
