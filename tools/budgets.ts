import { type Finding, isMain, runCheck } from './check.ts'
import { functionsOf } from './functions.ts'
import type { Repository } from './repository.ts'

/** The most lines of a file and of a function. */
export const budgets = { fileLines: 300, functionLines: 40 } as const

/** An allowance in `budget-exceptions.json`: at most `lines` for this file, or for the function `name` in it. */
interface Exception {
  readonly file: string
  readonly name?: string
  readonly lines: number
  readonly reason: string
}

interface ForbiddenWord {
  /** A regular expression, spelled so that it does not match itself. */
  readonly pattern: string
  readonly reason: string
}

const exceptionsFile = 'tools/budget-exceptions.json'
const wordsFile = 'tools/forbidden-words.json'
const code = /\.(?:ts|mjs|cjs|js|c|h)$/
/** Fixtures are tables. */
const data = /\/fixtures\//
const vagueNames = new Set('util utils helper helpers common misc'.split(' '))

/** Fails on long files, long functions, names that say nothing, and words that no file may hold. */
export function checkBudgets(repository: Repository): Finding[] {
  const exceptions: readonly Exception[] = JSON.parse(repository.read(exceptionsFile))
  const words: readonly ForbiddenWord[] = JSON.parse(repository.read(wordsFile))
  const used = new Set<Exception>()
  const findings = repository.files.flatMap((file) => {
    const text = repository.read(file)
    if (text.includes('\0')) return []
    const sizes = code.test(file) ? measure(file, text, exceptions, used) : []
    return [...checkName(file), ...checkWords(file, text, words), ...sizes]
  })
  return [...findings, ...checkExceptions(repository, exceptions, used)]
}

function checkName(file: string): Finding[] {
  const vague = file.split(/[/.-]/).find((part) => vagueNames.has(part))
  if (vague === undefined) return []
  const message = `"${vague}" says nothing: name the file after what it exports`
  return [{ file, rule: 'name', message }]
}

function checkWords(file: string, text: string, words: readonly ForbiddenWord[]): Finding[] {
  return text.split('\n').flatMap((content, index) =>
    words.flatMap(({ pattern, reason }) => {
      const found = new RegExp(pattern).exec(content)?.[0].trim()
      if (found === undefined) return []
      return [{ file, line: index + 1, rule: 'word', message: `"${found}" is ${reason}: take it out` }]
    }),
  )
}

function measure(file: string, text: string, exceptions: readonly Exception[], used: Set<Exception>): Finding[] {
  const allowance = (name: string | undefined, lines: number): boolean => {
    const found = exceptions.find((each) => each.file === file && each.name === name && lines <= each.lines)
    if (found !== undefined) used.add(found)
    return found !== undefined
  }
  const advice = `split it, or add it with a reason to ${exceptionsFile}`
  const lines = text.split('\n').length - (text.endsWith('\n') ? 1 : 0)
  const long = functionsOf(text).filter(
    (each) => each.lines > budgets.functionLines && !allowance(each.name, each.lines),
  )
  const findings: Finding[] = long.map((each) => {
    const message = `${each.name} has ${each.lines} lines of at most ${budgets.functionLines}: ${advice}`
    return { file, line: each.line, rule: 'function-lines', message }
  })
  if (lines > budgets.fileLines && !data.test(file) && !allowance(undefined, lines)) {
    const message = `has ${lines} lines of at most ${budgets.fileLines}: ${advice}`
    findings.push({ file, rule: 'file-lines', message })
  }
  return findings
}

function checkExceptions(
  repository: Repository,
  exceptions: readonly Exception[],
  used: ReadonlySet<Exception>,
): Finding[] {
  const text = repository.read(exceptionsFile)
  return exceptions.flatMap((exception) => {
    const what = exception.name === undefined ? exception.file : `${exception.name} in ${exception.file}`
    const line = text.slice(0, Math.max(0, text.indexOf(`"${exception.name ?? exception.file}"`))).split('\n').length
    const finding = (message: string): Finding => ({ file: exceptionsFile, line, rule: 'exception', message })
    if (exception.reason.trim() === '') return [finding(`${what} is excepted without a reason: give one`)]
    return used.has(exception) ? [] : [finding(`${what} needs no exception, or a larger one: correct or remove it`)]
  })
}

if (isMain(import.meta.url)) await runCheck('budgets', checkBudgets)
