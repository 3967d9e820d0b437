import type { Environment, Executor, PluginCall } from '../exec/index.ts'
import { formatJson, isJsonObject, type JsonObject, parseJson } from '../json/index.ts'
import { PluginNotFoundError } from '../types/index.ts'

/** One run of a plugin, as a {@link FakeExecutor} saw it. */
export interface RecordedCall {
  type: string
  path: string
  /** `CNI_COMMAND`. */
  command: string
  env: Environment
  stdin: string
  /** The same, parsed; empty when it is no JSON object. */
  config: JsonObject
  signal?: AbortSignal | undefined
}

/** What a fake plugin does: prints a text or an object, fails with an error, or decides when it is called. */
export type FakeAnswer = string | JsonObject | Error | ((call: RecordedCall) => FakeAnswer | Promise<FakeAnswer>)

/**
 * An executor without plugins, for tests: it finds the types that it has answers for, in whatever the first directory
 * is, answers for them, and records every run.
 */
export class FakeExecutor implements Executor {
  readonly calls: RecordedCall[] = []
  readonly #answers: ReadonlyMap<string, FakeAnswer>

  constructor(answers: Readonly<Record<string, FakeAnswer>>) {
    this.#answers = new Map(Object.entries(answers))
  }

  /** The calls so far, each as `COMMAND type`. */
  get log(): string[] {
    return this.calls.map(({ command, type }) => `${command} ${type}`)
  }

  async find(type: string, path: readonly string[]): Promise<string> {
    if (this.#answers.has(type)) return `${path[0] ?? ''}/${type}`
    throw new PluginNotFoundError(type, path)
  }

  async run(path: string, call: PluginCall): Promise<string> {
    call.signal?.throwIfAborted()
    const type = path.slice(path.lastIndexOf('/') + 1)
    const recorded = { ...call, type, path, command: call.env['CNI_COMMAND'] ?? '', config: parseConfig(call.stdin) }
    this.calls.push(recorded)
    let answer = this.#answers.get(type) ?? ''
    while (typeof answer === 'function') answer = await answer(recorded)
    call.signal?.throwIfAborted()
    if (answer instanceof Error) throw answer
    return typeof answer === 'string' ? answer : formatJson(answer, { indent: 4 })
  }
}

function parseConfig(stdin: string): JsonObject {
  try {
    const json = parseJson(stdin)
    return isJsonObject(json) ? json : {}
  } catch {
    return {}
  }
}
