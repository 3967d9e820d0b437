import { pathToFileURL } from 'node:url'
import { openRepository, type Repository, workspaceRoot } from './repository.ts'

/** One place that breaks a rule, with what to do about it. */
export interface Finding {
  /** Path from the root of the repository. */
  readonly file: string
  /** 1-based; absent when the finding is about the whole file. */
  readonly line?: number
  readonly rule: string
  readonly message: string
}

export type Check = (repository: Repository) => readonly Finding[] | Promise<readonly Finding[]>

/** `file:line: rule: message`, the form that editors and terminals turn into a link. */
export function formatFinding(finding: Finding): string {
  const place = finding.line === undefined ? finding.file : `${finding.file}:${finding.line}`
  return `${place}: ${finding.rule}: ${finding.message}`
}

/** Sorted by file, then line. */
export function sortFindings(findings: readonly Finding[]): Finding[] {
  return [...findings].sort((a, b) => a.file.localeCompare(b.file) || (a.line ?? 0) - (b.line ?? 0))
}

/** Whether node was started with this module: `isMain(import.meta.url)`. */
export function isMain(moduleUrl: string): boolean {
  const script = process.argv[1]
  return script !== undefined && pathToFileURL(script).href === moduleUrl
}

/** Runs a check over the workspace, prints what it found and sets the exit status. */
export async function runCheck(name: string, check: Check): Promise<void> {
  const findings = sortFindings(await check(openRepository(workspaceRoot())))
  for (const finding of findings) console.log(formatFinding(finding))
  if (findings.length === 0) console.log(`${name}: in order`)
  else {
    const places = findings.length === 1 ? '1 place' : `${findings.length} places`
    console.log(`${name}: ${places} to repair; each rule is explained in CONTRIBUTING.md`)
    process.exitCode = 1
  }
}
