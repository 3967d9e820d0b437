import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { isMain } from './check.ts'
import { workspaceRoot } from './repository.ts'

/** One check. */
export interface Step {
  readonly name: string
  /** Arguments of node, paths from the root. */
  readonly command: readonly string[]
  /** Left out by `--no-tests`. */
  readonly tests?: boolean
}

/** Every check, fast ones first; a later one may rely on those before it. */
const steps: readonly Step[] = [
  { name: 'biome', command: ['node_modules/@biomejs/biome/bin/biome', 'ci', '--colors=off', '.'] },
  { name: 'types', command: ['node_modules/typescript/bin/tsc', '-b'] },
  { name: 'layers', command: ['tools/dist/layers.js'] },
  { name: 'budgets', command: ['tools/dist/budgets.js'] },
  { name: 'error-messages', command: ['tools/dist/error-messages.js'] },
  { name: 'links', command: ['tools/dist/links.js'] },
  { name: 'headers', command: ['tools/dist/headers.js'] },
  { name: 'examples', command: ['tools/dist/doc-examples.js'] },
  { name: 'unit', command: ['tools/dist/test.js', '--no-install', '--only', 'unit', '--only', 'tools'], tests: true },
  { name: 'kernel', command: ['tools/dist/test.js', '--no-install', '--only', 'kernel'], tests: true },
  {
    name: 'conformance',
    command: [
      'tools/dist/test.js',
      '--no-install',
      '--only',
      'conformance',
      '--only',
      'differential',
      '--only',
      'differences',
      '--only',
      'faults',
      '--only',
      'promises',
    ],
    tests: true,
  },
]

function main(): void {
  const { values } = parseArgs({
    options: { only: { type: 'string', multiple: true }, 'no-tests': { type: 'boolean' } },
  })
  const only = values.only ?? []
  const unknown = only.find((name) => !steps.some((step) => step.name === name))
  if (unknown !== undefined) {
    console.error(`Cannot run the check "${unknown}": the checks are ${steps.map(({ name }) => name).join(', ')}`)
    process.exitCode = 1
    return
  }
  const chosen = steps.filter(({ name, tests }) =>
    only.length > 0 ? only.includes(name) : !(tests && values['no-tests']),
  )
  process.exitCode = runSteps(chosen, workspaceRoot()) ? 0 : 1
}

/** Runs checks one after another until one fails, printing a line for each and a count at the end. */
export function runSteps(chosen: readonly Step[], root: string): boolean {
  let passed = 0
  for (const step of chosen) {
    if (!runStep(step, root)) break
    passed++
  }
  const failed = passed < chosen.length ? 1 : 0
  console.log(`${passed} passed, ${failed} failed`)
  return failed === 0
}

/** Prints a line, and what tests left out; when the step fails, also what it wrote and how to run it alone. */
function runStep({ name, command }: Step, root: string): boolean {
  const started = performance.now()
  const [script = '', ...args] = command
  const options = { cwd: root, encoding: 'utf8', maxBuffer: 64 * 2 ** 20 } as const
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(root, script), ...args], options)
  const time = `${((performance.now() - started) / 1000).toFixed(1)} s`
  if (status === 0) console.log([`${name.padEnd(24)} ${time}`, ...(stdout.match(/^left out.*/gm) ?? [])].join('\n'))
  else {
    console.log(`${stdout}${stderr}`.trimEnd())
    console.log(`${name} failed after ${time}; alone: npm run ok -- --only ${name}`)
  }
  return status === 0
}

if (isMain(import.meta.url)) main()
