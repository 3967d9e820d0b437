import { blank, lineAt } from './source-text.ts'

/** Where a function with a body in braces stands and how long it is, signature and braces included. */
export interface FunctionSpan {
  readonly name: string
  readonly line: number
  readonly lines: number
}

const control = new Set('if for while switch catch with await return typeof'.split(' '))
const statements = new Set(
  'return throw const let var if for while switch function class export import case'.split(' '),
)
const typeWords = new Set('is keyof typeof extends asserts readonly unique infer new'.split(' '))
const closing: Readonly<Record<string, string>> = { '(': ')', '[': ']', '{': '}', '<': '>' }
const typeToken = /\s*(?:=>|[\w$]+|[<([{|&.?:'"`])/y
const callback = /([\w$.]+)\(\s*(['"`])\s*\2\s*,\s*(?:\{[^{}]*\}\s*,\s*)?(?:async\s*)?$/
const assigned = /([\w$]+)\s*(?::[^=;{}]*)?[=:]\s*(?:async\s*)?$/
/** In the body of a function that declares tests rather than does something: the tests count, not what holds them. */
const declaresTests = /(?<![.\w$])(?:test|describe)\(/

/**
 * The functions, methods and arrow functions of a source (TypeScript or C), outer ones before inner ones; without those
 * that declare tests.
 */
export function functionsOf(source: string): FunctionSpan[] {
  const code = blank(source)
  const spans: FunctionSpan[] = []
  for (let open = code.indexOf('('); open >= 0; open = code.indexOf('(', open + 1)) {
    const close = matching(code, open)
    const body = close < 0 ? undefined : bodyAfter(code, close)
    if (body === undefined) continue
    const header = body.arrow ? arrowName(source, code, open) : declaredName(code, open)
    const end = matching(code, body.at)
    if (header === undefined || end < 0 || declaresTests.test(code.slice(body.at, end))) continue
    const line = lineAt(code, open)
    spans.push({ name: header, line, lines: lineAt(code, end) - line + 1 })
  }
  return spans
}

/** Position of the bracket that closes the one at `open`; -1 when there is none. */
function matching(code: string, open: number): number {
  const opener = code.charAt(open)
  const closer = closing[opener]
  let depth = 0
  for (let at = open; at < code.length; at++) {
    const one = code[at]
    if (one === '=' && code[at + 1] === '>') at++
    else if (one === opener) depth++
    else if (one === closer && --depth === 0) return at
  }
  return -1
}

/** The opening brace of the body that belongs to the parameters closed at `close`. */
function bodyAfter(code: string, close: number): { at: number; arrow: boolean } | undefined {
  const next = /\s*(=>\s*\{|\{|:)?/y
  next.lastIndex = close + 1
  const found = next.exec(code)?.[1]
  if (found === undefined) return undefined
  if (found === ':') return bodyAfterType(code, next.lastIndex)
  return { at: next.lastIndex - 1, arrow: found.startsWith('=>') }
}

/** Reads a return type, to tell the braces of a type from those of the body. */
function bodyAfterType(code: string, start: number): { at: number; arrow: boolean } | undefined {
  let previous = ':'
  let at = start
  for (;;) {
    typeToken.lastIndex = at
    const token = typeToken.exec(code)?.[0].trim()
    if (token === undefined) return undefined
    const position = typeToken.lastIndex - token.length
    if (token === '{' && (previous === '=>' || endsType(previous))) return { at: position, arrow: previous === '=>' }
    if (isWord(token) && !continuesType(previous, token)) return undefined
    at = afterToken(code, token, position)
    if (at <= position) return undefined
    previous = token
  }
}

/** Behind a token; for an opening bracket or quote, behind the one that closes it. */
function afterToken(code: string, token: string, position: number): number {
  if (isBracket(token)) return matching(code, position) + 1
  if (/['"`]/.test(token)) return code.indexOf(token, position + 1) + 1
  return position + token.length
}

function isWord(token: string): boolean {
  return /^[\w$]/.test(token)
}

function isBracket(token: string): boolean {
  return Object.hasOwn(closing, token)
}

function endsType(token: string): boolean {
  return !/^[|&.?:]/.test(token) && !typeWords.has(token)
}

function continuesType(previous: string, token: string): boolean {
  if (statements.has(token)) return false
  return !endsType(previous) || previous === '=>' || typeWords.has(token)
}

/** Name in front of a parameter list; `undefined` where the parentheses belong to a statement. */
function declaredName(code: string, open: number): string | undefined {
  let before = code.slice(Math.max(0, open - 400), open).trimEnd()
  if (before.endsWith('>')) before = withoutTypeParameters(before)
  const match = /(?:(\w+)\s+)?(?:\*\s*)?([#\w$]+|\])$/.exec(before)
  const name = match?.[2]
  if (name === undefined || control.has(name) || match?.[1] === 'extends') return undefined
  return name === ']' || name === 'function' ? '(anonymous)' : name
}

function withoutTypeParameters(before: string): string {
  let depth = 0
  for (let at = before.length - 1; at >= 0; at--) {
    if (before[at] === '>' && before[at - 1] !== '=') depth++
    if (before[at] === '<' && --depth === 0) return before.slice(0, at).trimEnd()
  }
  return before
}

function arrowName(source: string, code: string, open: number): string {
  const start = Math.max(0, open - 400)
  const before = code.slice(start, open)
  const call = callback.exec(before)
  if (call?.[1] === undefined) return assigned.exec(before)?.[1] ?? '(anonymous)'
  const argument = start + call.index + call[1].length
  const title = /(['"`])(.*?)\1/.exec(source.slice(argument, open))?.[2]
  return `${call[1]}("${title ?? ''}")`
}
