import { formatWords, type Rule, targetOf } from './rule-text.ts'
import { type Caller, hasTool, runTool, type ToolOutcome } from './run-tool.ts'
import { parseSavedTable, type SavedTable } from './saved-table.ts'
import { type Command, TableChange } from './table-change.ts'

/** A table of one IP version: `iptables` for 4, `ip6tables` for 6. */
export interface TableName {
  readonly version: 4 | 6
  readonly table: 'filter' | 'nat'
}

/** Where a rule is, or should be. */
export interface PlacedRule {
  readonly chain: string
  readonly rule: Rule
}

/** How long a tool waits for the lock that all of them share, in seconds. */
const LOCK_WAIT_S = 10
/** Between looking and changing others may have changed the same: then it is looked at once more. */
const ATTEMPTS = 3

const tools = {
  4: { save: 'iptables-save', restore: 'iptables-restore' },
  6: { save: 'ip6tables-save', restore: 'ip6tables-restore' },
} as const

/** The exit status of a change that does not fit what is there; a rule that makes no sense has 2. */
const misfits = new Set([1, 4])

/** Whether the tools for an IP version are installed. */
export function hasIptables(caller: Caller, version: 4 | 6): boolean {
  return hasTool(caller, tools[version].save) && hasTool(caller, tools[version].restore)
}

/** @throws Error naming the table, with the tool's own text */
export async function readTable(caller: Caller, { version, table }: TableName): Promise<SavedTable> {
  const { save } = tools[version]
  const outcome = await runTool(caller, [save, '-t', table])
  if (outcome.status !== 0) throw new Error(`Cannot read table "${table}": ${said(save, outcome)}`)
  return parseSavedTable(outcome.stdout)
}

/**
 * Changes a table as a whole or not at all, in two processes: one tells what is there, from which `plan` decides what is
 * to be, the other makes it so. A table that is already as planned takes one.
 *
 * @throws Error naming table, chain and rule, with the tool's own text
 */
export async function changeTable(caller: Caller, name: TableName, plan: (change: TableChange) => void): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const change = new TableChange(await readTable(caller, name))
    plan(change)
    if (change.commands.length === 0) return
    const outcome = await restore(caller, name, change.commands)
    if (outcome.status === 0) return
    if (attempt === ATTEMPTS || !isMisfit(outcome)) throw refusal(name, change.commands, outcome)
  }
}

/**
 * The first of these rules that a table does not have; `undefined` when it has them all.
 *
 * @throws Error with the tool's own text
 */
export async function findMissingRule(
  caller: Caller,
  name: TableName,
  rules: readonly PlacedRule[],
): Promise<PlacedRule | undefined> {
  const commands = rules.map(({ chain, rule }): Command => ['-C', chain, ...rule])
  const outcome = await restore(caller, name, commands)
  if (outcome.status === 0) return undefined
  const chain = missingChain(outcome)
  const missing = rules[lineOf(outcome)] ?? rules.find((each) => each.chain === chain || targetOf(each.rule) === chain)
  if (missing && !isLocked(outcome)) return missing
  throw new Error(`Cannot look for rules in table "${name.table}": ${said(tools[name.version].restore, outcome)}`)
}

function restore(caller: Caller, { version, table }: TableName, commands: readonly Command[]): Promise<ToolOutcome> {
  const lines = [`*${table}`, ...commands.map(formatWords), 'COMMIT', '']
  return runTool(caller, [tools[version].restore, '--noflush', '--wait', String(LOCK_WAIT_S)], lines.join('\n'))
}

/** The index of the command that the tool complains of, which comes after a line that names the table. */
function lineOf({ stderr }: ToolOutcome): number {
  const [, line] = /\bline:? (\d+)/.exec(stderr) ?? []
  return Number(line) - 2
}

/** A chain that is named and not there is found out at the end, when no line is at fault. */
function missingChain({ stderr }: ToolOutcome): string | undefined {
  return /Chain '([^']+)' does not exist/.exec(stderr)?.[1]
}

/**
 * Whether the tables may have changed since they were read. The tool then also says of chains that the same change makes
 * that they do not exist.
 */
function isMisfit(outcome: ToolOutcome): boolean {
  return (misfits.has(outcome.status) || missingChain(outcome) !== undefined) && !isLocked(outcome)
}

function isLocked({ stderr }: ToolOutcome): boolean {
  return stderr.includes('xtables lock')
}

function refusal({ version, table }: TableName, commands: readonly Command[], outcome: ToolOutcome): Error {
  const command = commands[lineOf(outcome)]
  const where = command && !isLocked(outcome) ? `table "${table}" by "${formatWords(command)}"` : `table "${table}"`
  return new Error(`Cannot change ${where}: ${said(tools[version].restore, outcome)}`)
}

/** What a tool wrote, without its hint to read the manual. */
function said(tool: string, { status, stderr }: ToolOutcome): string {
  const lines = stderr.split('\n').map((line) => line.trim())
  const text = lines.filter((line) => line !== '' && !line.startsWith('Try `') && !line.startsWith('# Warning'))
  return text.length > 0 ? text.join(' ') : `${tool} ended with status ${status}`
}
