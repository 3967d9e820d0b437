import { spawnSync } from 'node:child_process'
import { existsSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { benchScript, type Implementation } from './bench/cases.ts'
import { formatRows, parseSamples, rowsOf } from './bench/statistics.ts'
import { workspaceRoot } from './repository.ts'
import { sandboxCommand } from './sandbox.ts'

const usage = `npm run bench -- [--reference DIR] [--rounds N] [--json FILE]

Times ADD and DEL of bridge, ptp and macvlan, each with host-local, as whole processes: from the start of the plugin to
its end. With a directory of other plugins (PATCHBAY_REFERENCE otherwise) both are timed in turn, in one run.`

function main(): void {
  const { values } = parseArgs({
    options: {
      reference: { type: 'string' },
      rounds: { type: 'string', default: '30' },
      json: { type: 'string' },
      help: { type: 'boolean' },
    },
  })
  if (values.help) {
    console.log(usage)
    return
  }
  try {
    const rounds = roundsOf(values.rounds)
    const output = run(benchScript(implementationsOf(values.reference), rounds))
    const rows = rowsOf(parseSamples(output))
    console.log(`${rounds} rounds, milliseconds; each call is a process of its own, no daemon\n\n${formatRows(rows)}`)
    if (values.json) writeFileSync(values.json, `${JSON.stringify({ rounds, rows }, null, 2)}\n`)
  } catch (error) {
    console.error(error instanceof Error ? error.message : error)
    process.exitCode = 1
  }
}

function roundsOf(text: string): number {
  const rounds = Number(text)
  if (!Number.isInteger(rounds) || rounds < 1) throw new Error(`Cannot run "${text}" rounds: not a whole number`)
  return rounds
}

function implementationsOf(reference = process.env['PATCHBAY_REFERENCE']): Implementation[] {
  const all = [
    { name: 'patchbay', directory: join(workspaceRoot(), 'dist', 'cni', 'bin') },
    ...(reference ? [{ name: 'reference', directory: resolve(reference) }] : []),
  ]
  for (const { name, directory } of all)
    if (!existsSync(join(directory, 'bridge'))) throw new Error(`Cannot time "${name}": no plugins in "${directory}"`)
  return all
}

function run(script: string): string {
  const [command = '', ...args] = sandboxCommand(['bash', '-c', script])
  const { stdout, stderr, status } = spawnSync(command, args, { encoding: 'utf8', maxBuffer: 1 << 26 })
  if (status !== 0) throw new Error(`Cannot finish: ${stderr || stdout}`)
  return stdout
}

main()
