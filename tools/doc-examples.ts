import { spawnSync } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Finding, isMain, runCheck } from './check.ts'
import { matchesOutput } from './expected-output.ts'
import { type Fence, fencesOf } from './markdown.ts'
import { type Repository, workspaceRoot } from './repository.ts'
import { canUnshare, runInSandbox } from './sandbox.ts'

/** A block of a document that is checked. */
interface Example {
  readonly file: string
  readonly fence: Fence
  /** Name of the module in the temporary folder, without extension; `undefined` for shell. */
  readonly module?: string
  /** What the document says it prints. */
  readonly output?: Fence
  readonly run: boolean
}

const checked = new Set(['ts', 'ts no-run', 'sh run'])

/**
 * Type-checks every `ts` block of the Markdown files with the strict configuration, runs it with node unless its fence
 * says `no-run`, and runs the `sh` blocks whose fence says `run`; compares with the `text` block that follows, if any.
 * Modules are written inside node_modules, so that they resolve the packages of the workspace as a user's program does.
 */
export function checkExamples(repository: Repository): Finding[] {
  const documents = repository.files.filter((file) => file.endsWith('.md'))
  const examples = documents.flatMap((file) => examplesOf(file, repository.read(file)))
  const folder = join(workspaceRoot(), 'node_modules', '.cache', `doc-examples-${process.pid}`)
  try {
    const wrong = compile(folder, examples)
    const broken = new Set(wrong.map(({ file, fence }) => `${file}:${fence}`))
    const sound = examples.filter((each) => each.run && !broken.has(`${each.file}:${each.fence.line}`))
    if (sound.length > 0 && !canUnshare()) {
      throw new Error('Cannot run the examples: this user is not root and may not create user namespaces')
    }
    const failed = sound.flatMap((example) => runExample(example, folder, repository.root))
    return [...wrong.map(({ file, line, message }) => ({ file, line, rule: 'types', message })), ...failed]
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function examplesOf(file: string, document: string): Example[] {
  const fences = fencesOf(document)
  const lines = document.split('\n')
  return fences.flatMap((fence, index) => {
    if (!checked.has(fence.info)) return []
    const next = fences[index + 1]
    const follows = next?.info === 'text' && lines.slice(fence.end, next.line - 2).every((line) => line.trim() === '')
    const module = `${file.replace(/\.md$/, '').replace(/[^\w-]/g, '-')}.L${fence.line}`
    return {
      file,
      fence,
      run: fence.info !== 'ts no-run',
      ...(fence.info === 'sh run' ? {} : { module }),
      ...(follows ? { output: next } : {}),
    }
  })
}

interface TypeError {
  readonly file: string
  readonly line: number
  /** Line of the block. */
  readonly fence: number
  readonly message: string
}

function compile(folder: string, examples: readonly Example[]): TypeError[] {
  const modules = examples.filter(({ module }) => module !== undefined)
  if (modules.length === 0) return []
  mkdirSync(folder, { recursive: true })
  for (const { module, fence } of modules) {
    // Empty lines in front give the code the line numbers of its document.
    writeFileSync(join(folder, `${module}.ts`), `${'\n'.repeat(fence.line - 1)}${fence.text}\n`)
  }
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }\n')
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(configuration()))
  const tsc = join(workspaceRoot(), 'node_modules', 'typescript', 'bin', 'tsc')
  const result = spawnSync(process.execPath, [tsc, '-p', folder, '--pretty', 'false'], {
    cwd: folder,
    encoding: 'utf8',
  })
  const errors = result.stdout.split('\n').flatMap((line) => typeError(line, modules))
  if (result.status !== 0 && errors.length === 0) throw new Error(`Cannot compile the examples: ${result.stdout}`)
  return errors
}

function configuration(): object {
  const build = { composite: false, incremental: false, declaration: false, declarationMap: false }
  return {
    extends: join(workspaceRoot(), 'tsconfig.base.json'),
    compilerOptions: { ...build, rootDir: '.', outDir: 'out', moduleDetection: 'force' },
    include: ['*.ts'],
  }
}

function typeError(line: string, modules: readonly Example[]): TypeError[] {
  const match = /^(?:.*\/)?([^/(]+)\.ts\((\d+),\d+\): error (TS\d+: .*)$/.exec(line)
  const example = modules.find(({ module }) => module === match?.[1])
  if (example === undefined || match === null) return []
  return [{ file: example.file, line: Number(match[2]), fence: example.fence.line, message: match[3] ?? '' }]
}

function runExample(example: Example, folder: string, root: string): Finding[] {
  const { file, fence, module, output } = example
  const { status, output: printed } =
    module === undefined
      ? runInSandbox(['sh', '-ec', fence.text], { cwd: root })
      : runInSandbox([process.execPath, '--enable-source-maps', join(folder, 'out', `${module}.js`)], { cwd: folder })
  if (status !== 0) {
    const end = status === undefined ? 'did not end within a minute' : `ended with status ${status}`
    return [{ file, line: fence.line, rule: 'run', message: `${end} and printed:\n${indent(printed)}` }]
  }
  if (output === undefined || matchesOutput(output.text, printed)) return []
  const message = `the example above prints this instead (… and <any> stand for what varies):\n${indent(printed)}`
  return [{ file, line: output.line, rule: 'output', message }]
}

function indent(text: string): string {
  return text.trimEnd().replace(/^/gm, '    ')
}

if (isMain(import.meta.url)) await runCheck('doc-examples', checkExamples)
