import { types } from 'node:util'
import { blank, lineAt } from './source-text.ts'

/** A number of ours that the kernel's headers name too. */
export interface KernelConstant {
  /** `IFLA_MTU` */
  readonly name: string
  readonly value: number
  readonly file: string
  readonly line: number
}

/** A module of the library: its source, and what it exports when it runs. */
export interface Module {
  readonly file: string
  readonly source: string
  readonly exports: Readonly<Record<string, unknown>>
}

export interface Spelling {
  /** Entries of tables whose constants are not the prefix and the name: `IFLA_INFO.link`. */
  readonly spelled: Readonly<Record<string, readonly string[]>>
  /** Exported numbers in capitals that are not the kernel's, with the reason. */
  readonly own: Readonly<Record<string, string>>
}

/** The upper byte of a message's type is its subsystem, `<linux/netfilter/nfnetlink.h>`; the constants are without. */
const MESSAGE_MASK = 0xff

const capitals = /^[A-Z][A-Z0-9_]*$/

/** `linkNetnsid` → `LINK_NETNSID` */
export function upperSnake(name: string): string {
  return name.replace(/[A-Z]/g, '_$&').toUpperCase()
}

/**
 * What the exports of a module say about the kernel's numbers: attribute tables (`prefix` and `table`), operations
 * (`name` and `type`), the bodies of messages, and constants in capitals, single ones and objects of them.
 */
export function exportedConstants(module: Module, spelling: Spelling): KernelConstant[] {
  return Object.entries(module.exports).flatMap(([name, value]) => {
    // `export * as name`: the other module is looked at by itself.
    if (types.isModuleNamespaceObject(value)) return []
    const at = (key: string): number => lineOf(module.source, name, key)
    return constantsOf(name, value, spelling).map(([constant, number, key]) => ({
      name: constant,
      value: number,
      file: module.file,
      line: at(key),
    }))
  })
}

type Found = readonly [constant: string, value: number, key: string]

function constantsOf(name: string, value: unknown, spelling: Spelling): Found[] {
  if (typeof value === 'number') {
    return capitals.test(name) && !Object.hasOwn(spelling.own, name) ? [[name, value, name]] : []
  }
  if (!isRecord(value)) return []
  return [...numbersOf(name, value), ...structuresOf(value, spelling)]
}

/** `NUD = { REACHABLE: 2 }` → `NUD_REACHABLE`; `errno = { EPERM: 1 }` → `EPERM`. */
function numbersOf(name: string, value: Readonly<Record<string, unknown>>): Found[] {
  const prefix = capitals.test(name) ? `${name}_` : ''
  return Object.entries(value).flatMap(([key, number]): Found[] =>
    capitals.test(key) && typeof number === 'number' ? [[`${prefix}${key}`, number, key]] : [],
  )
}

function structuresOf(value: Readonly<Record<string, unknown>>, spelling: Spelling): Found[] {
  const { prefix, table, name, type, body, attributes } = value
  if (typeof prefix === 'string' && isRecord(table)) return tableConstants(prefix, table, spelling)
  if (typeof name === 'string' && typeof type === 'number' && isRecord(body)) {
    return [[name, type & MESSAGE_MASK, name], ...structuresOf(body, spelling)]
  }
  if (isRecord(attributes)) return structuresOf(attributes, spelling)
  return Object.values(value).flatMap((member) =>
    isRecord(member) && isOperation(member) ? structuresOf(member, spelling) : [],
  )
}

function isOperation(value: Readonly<Record<string, unknown>>): boolean {
  return typeof value['name'] === 'string' && typeof value['type'] === 'number' && isRecord(value['body'])
}

function tableConstants(prefix: string, table: Readonly<Record<string, unknown>>, spelling: Spelling): Found[] {
  return Object.entries(table).flatMap(([key, entry]) => {
    const types: unknown = isRecord(entry) ? entry['types'] : undefined
    const numbers = Array.isArray(types) ? types.filter((type) => typeof type === 'number') : []
    const names = spelling.spelled[`${prefix}.${key}`] ?? [`${prefix}_${upperSnake(key)}`]
    return numbers.map((number, index): Found => [names[index] ?? `${prefix}.${key}[${index}]`, number, key])
  })
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}

/** Where a source declares a key of an export, or the export itself. */
function lineOf(source: string, name: string, key: string): number {
  const start = Math.max(0, source.search(new RegExp(`\\b${name}\\b`)))
  const offset = source.slice(start).search(new RegExp(`\\b${key}\\b`))
  return lineAt(source, start + Math.max(0, offset))
}

const tableStart = /\battributes\(\s*'(?=[ ]*',\s*(?:\{|new (\w+)\())/g
const entryStart = /\b(\w+)(?::| =)\s*(?:attr|each)\(\s*(\d+|0x[\da-f]+)\b/gi

/**
 * The tables that a source declares, also those it does not export: `attributes('RTA', { oif: attr(4, u32) })`, and
 * `attributes('RTA', new RouteAttributes())` with the class in the same source.
 */
export function declaredConstants(file: string, source: string): KernelConstant[] {
  const code = blank(source)
  return [...code.matchAll(tableStart)].flatMap((match) => {
    const quote = match.index + match[0].length
    const prefix = source.slice(quote, source.indexOf("'", quote))
    const open = code.indexOf('{', match[1] === undefined ? quote : classStart(code, match[1]))
    return [...firstLevel(code, open).matchAll(entryStart)].map(([text, key = '', number]) => ({
      name: `${prefix}_${upperSnake(key)}`,
      value: Number(number),
      file,
      line: lineAt(source, code.indexOf(text, open)),
    }))
  })
}

/** Where a class begins; the end of the source when it is in another one. */
function classStart(code: string, name: string): number {
  const start = code.search(new RegExp(`\\bclass ${name}\\b`))
  return start < 0 ? code.length : start
}

/** The text between a brace and its end, without what is in inner braces. */
function firstLevel(code: string, open: number): string {
  let depth = 0
  let text = ''
  for (let at = open; at >= 0 && at < code.length; at++) {
    if (code[at] === '{') depth++
    if (code[at] === '}' && --depth === 0) break
    if (depth === 1) text += code[at]
  }
  return text
}
