import { type Finding, isMain, runCheck } from './check.ts'
import type { Repository } from './repository.ts'
import { blank, lineAt } from './source-text.ts'

/** `error-messages.json` */
interface ErrorMessageData {
  /** Where messages are our own; the others say word for word what the reference says. */
  readonly folders: readonly string[]
  readonly allowed: readonly { readonly pattern: string; readonly reason: string }[]
}

/** A message in a source, with `…` for what it is filled in with. */
interface Message {
  readonly text: string
  readonly line: number
}

const dataFile = 'tools/error-messages.json'
const creation = /\bnew (?:TypeError|RangeError|SyntaxError|Error)\(\s*(?=['"`])/g
const grammar = /^Cannot [a-z]\S* .*\S: \S(?:.*[^.])?$/

/** Fails on messages of our own errors that are not `Cannot <do> <thing>: <state>` without a period at the end. */
export function checkErrorMessages(repository: Repository): Finding[] {
  const data: ErrorMessageData = JSON.parse(repository.read(dataFile))
  const allowed = data.allowed.map(({ pattern }) => new RegExp(pattern))
  const used = new Set<RegExp>()
  const files = repository.files.filter(
    (file) => file.endsWith('.ts') && data.folders.some((folder) => file.startsWith(`${folder}/`)),
  )
  const findings = files.flatMap((file) =>
    messagesOf(repository.read(file)).flatMap(({ text, line }) => {
      const exception = allowed.find((pattern) => pattern.test(text))
      if (exception !== undefined) used.add(exception)
      if (exception !== undefined || grammar.test(text)) return []
      const message = `"${text}" is not of the form "Cannot <do> <thing>: <state>": reword it, or allow it in ${dataFile}`
      return [{ file, line, rule: 'error-messages', message }]
    }),
  )
  const unused = allowed.filter((pattern) => !used.has(pattern))
  return [
    ...findings,
    ...unused.map(({ source }) => ({
      file: dataFile,
      rule: 'error-messages',
      message: `no message matches ${source}: remove it`,
    })),
  ]
}

function messagesOf(source: string): Message[] {
  const code = blank(source)
  return [...code.matchAll(creation)].map((match) => {
    const start = match.index + match[0].length
    return { text: literalAt(source, code, start), line: lineAt(source, match.index) }
  })
}

function literalAt(source: string, code: string, start: number): string {
  const quote = code.charAt(start)
  let text = ''
  let depth = 0
  for (let at = start + 1; at < code.length; at++) {
    const one = code.charAt(at)
    if (depth === 0 && one === quote) break
    if (one === '}') depth--
    else if (depth === 0 && one !== '{') text += source.charAt(at)
    if (one === '{') depth++
  }
  return text.replaceAll('$', '…').replaceAll("\\'", "'")
}

if (isMain(import.meta.url)) await runCheck('error-messages', checkErrorMessages)
