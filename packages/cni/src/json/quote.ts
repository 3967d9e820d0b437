const shortEscapes: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '\x07': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
}

/** What Go does not print as it is: all but letters, marks, numbers, punctuation, symbols and the ASCII space. */
const unprintable = /["\\]|[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/gu

/** Returns text in double quotes with Go's escapes: the `%q` of Go's messages. */
export function quote(text: string): string {
  return `"${escapeText(text)}"`
}

/** Returns one character in single quotes, as in `invalid character 'x'`. */
export function quoteCharacter(character: string): string {
  if (character === "'") return "'\\''"
  return character === '"' ? `'"'` : `'${escapeText(character)}'`
}

function escapeText(text: string): string {
  return text.replace(unprintable, (character) => shortEscapes[character] ?? escapeCode(character.codePointAt(0) ?? 0))
}

function escapeCode(code: number): string {
  // A lone surrogate is no character to Go: the replacement character stands for it.
  if (code >= 0xd800 && code <= 0xdfff) return '\ufffd'
  const digits = code.toString(16)
  if (code < 0x80) return `\\x${digits.padStart(2, '0')}`
  return code <= 0xffff ? `\\u${digits.padStart(4, '0')}` : `\\U${digits.padStart(8, '0')}`
}
