import { blank, lineAt } from './source-text.ts'

/** One module that a source names. */
export interface Import {
  /** `undefined` when it is computed: `import(name)`. */
  readonly specifier: string | undefined
  readonly line: number
}

const names = String.raw`\*(?:\s*as\s+[\w$]+)?|\{[^}]*\}`
const forms = [
  String.raw`import\s+(?:type\s+)?(?:[\w$]+\s*,\s*)?(?:[\w$]+|${names})\s*from\s*(?=['"])`,
  String.raw`import\s*(?=['"])`,
  String.raw`export\s+(?:type\s+)?(?:${names})\s*from\s*(?=['"])`,
  String.raw`import\s*\(\s*`,
]
const statement = new RegExp(String.raw`(?<![\w$.#])(?:${forms.join('|')})`, 'g')

/** Every static import, re-export, dynamic import and `import('…')` type of a source, in order. */
export function importsOf(source: string): Import[] {
  const code = blank(source)
  return [...code.matchAll(statement)].map((match) => {
    const start = match.index + match[0].length
    return { specifier: literalAt(source, code, start), line: lineAt(source, match.index) }
  })
}

function literalAt(source: string, code: string, start: number): string | undefined {
  const quote = source.charAt(start)
  if (quote !== "'" && quote !== '"' && quote !== '`') return undefined
  const end = code.indexOf(quote, start + 1)
  const text = source.slice(start + 1, end)
  return quote === '`' && text.includes('${') ? undefined : text
}
