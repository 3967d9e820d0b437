/** Returns the position of the quote that ends the string whose contents begin at `start`; -1 for a string without an end. */
export function closingQuote(text: string, start: number): number {
  for (let at = text.indexOf('"', start); at !== -1; at = text.indexOf('"', at + 1)) {
    let first = at
    while (first > start && text[first - 1] === '\\') first--
    if ((at - first) % 2 === 0) return at
  }
  return -1
}

/** What the engine of the one-shot executable takes for an escape and JSON does not, once `\\\\` is taken away. */
const wrongEscape = /\\(?:[^"/bfnrtu]|u(?![0-9a-fA-F]{4}))/

/** Returns what a string says, quotes included, or `undefined` for one that is not JSON. The engine reads it in one go. */
export function readString(text: string): string | undefined {
  if (text.includes('\\') && wrongEscape.test(text.replaceAll('\\\\', ''))) return undefined
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
