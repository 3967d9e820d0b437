import { join, relative } from 'node:path'
import { outputOfGroup } from './own-group.ts'
import { workspaceRoot } from './repository.ts'
import { endMark, type TestEvent } from './run-tests.ts'
import { canUnshare, sandboxCommand } from './sandbox.ts'
import { builtFile, type TestGroup } from './test-selection.ts'

const concurrency = 2
const runner = join(workspaceRoot(), 'tools/dist/run-tests.js')

/** How files are run. */
export interface FileRun {
  /** The checkout that the sources are in. */
  readonly root: string
  readonly namespaces: TestGroup['namespaces']
  readonly grep: string | undefined
  /** Seconds after which a file is taken to hang. */
  readonly limitOf: (source: string) => number
}

/** Runs built files, in one process of `run-tests` or, where each has namespaces of its own, in one for each. */
export async function runFiles(run: FileRun, sources: readonly string[]): Promise<TestEvent[]> {
  const batches = run.namespaces === 'own' ? sources.map((source) => [source]) : [sources]
  const results = await inParallel(
    batches.filter(({ length }) => length > 0),
    (batch) => runBatch(run, batch),
  )
  return results.flat()
}

export function failure(file: string, detail: string): TestEvent {
  return { kind: 'fail', file, name: '', detail }
}

/** Works on two values at a time: the smallest machine has two cores. */
export async function inParallel<T, R>(values: readonly T[], work: (value: T) => Promise<R>): Promise<R[]> {
  const results: R[] = []
  const queue = values.entries()
  const worker = async (): Promise<void> => {
    for (const [index, value] of queue) results[index] = await work(value)
  }
  await Promise.all(Array.from({ length: concurrency }, worker))
  return results
}

/** Runs files in one process of `run-tests`; the events name the sources. */
async function runBatch(
  { root, namespaces, grep, limitOf }: FileRun,
  sources: readonly string[],
): Promise<TestEvent[]> {
  const built = new Map(sources.map((source) => [join(root, builtFile(source)), source]))
  const filter = grep === undefined ? [] : ['--grep', grep]
  const limits = sources.flatMap((source) => ['--limit', String(limitOf(source))])
  const program = [process.execPath, '--enable-source-maps', runner, ...filter, ...limits, ...built.keys()]
  const { NODE_TEST_CONTEXT: _, ...env } = process.env
  // A file that is ended by its limit leaves its servers behind.
  const output = await outputOfGroup(inNamespaces(namespaces) ? sandboxCommand(program) : program, { cwd: root, env })
  return parseEvents(output, sources).map((event) => {
    // A test that a function of another module declares is reported in that module; of one file we know better.
    const file = sources.length === 1 ? sources[0] : (built.get(event.file) ?? relative(root, event.file))
    return { ...event, file: file ?? event.file }
  })
}

/** Tests of the packages need no kernel for the most part: without the right to namespaces they run as they are. */
function inNamespaces(namespaces: TestGroup['namespaces']): boolean {
  return namespaces === 'own' || (namespaces === 'shared' && canUnshare())
}

/** What a runner printed; when it did not come to its end, that is a failure of the files it was given. */
export function parseEvents(output: string, sources: readonly string[]): TestEvent[] {
  const lines = output.split('\n').filter((line) => line !== '')
  const events: TestEvent[] = lines.filter((line) => line.startsWith('{"kind"')).map((line) => JSON.parse(line))
  if (lines.at(-1) === endMark) return events.slice(0, -1)
  const rest = lines.filter((line) => !line.startsWith('{"kind"')).join('\n')
  return [
    ...events,
    ...sources.map((source) => failure(source, `Cannot run the file to its end: ${rest || 'the runner died'}`)),
  ]
}
