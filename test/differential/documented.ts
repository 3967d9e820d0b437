import { readFileSync } from 'node:fs'

/** A difference that the documentation describes, and what is seen of it. */
export interface Difference {
  readonly id: string
  /** Plugins that differ; all when empty. */
  readonly plugins: readonly string[]
  /** Calls after which it is seen; all when empty. */
  readonly commands: readonly string[]
  /** What the configuration has, or CNI_ARGS. */
  readonly configuration: RegExp | undefined
  /** What keeps it from being seen. */
  readonly unless: RegExp | undefined
  /** Whether it is seen only where an ADD has failed before, or fails. */
  readonly afterFailure: boolean
  readonly lines: readonly RegExp[]
  /** Whether the two machines go different ways from then on, so that nothing is left to compare. */
  readonly parts: boolean
}

/** What a line is about; what is not known is taken to fit. */
export interface Circumstances {
  readonly plugin?: string
  readonly command: string
  readonly configuration?: string
  /** Whether an ADD has failed so far. */
  readonly hasFailed?: boolean
}

export const page = new URL('../../../docs/differences.md', import.meta.url)
const block = /^```difference (\S+)\n([\s\S]*?)^```$/gm

/** Reads the blocks `difference` of docs/differences.md. */
export function readDifferences(text = readFileSync(page, 'utf8')): Difference[] {
  return [...text.matchAll(block)].map(([, id = '', body = '']) => parseDifference(id, body))
}

function parseDifference(id: string, body: string): Difference {
  const lines = body.split('\n').filter((line) => line !== '')
  const under = (key: string) =>
    lines.flatMap((line) => (line.startsWith(`${key}: `) ? [line.slice(key.length + 2)] : []))
  const list = (key: string) => under(key).flatMap((value) => value.split(/, */))
  const part = (key: string) => under(key).map((value) => pattern(value, { isPart: true }))[0]
  return {
    id,
    plugins: list('plugins'),
    commands: list('commands'),
    configuration: part('configuration'),
    unless: part('unless'),
    lines: lines
      .filter((line) => !/^(?:plugins|commands|configuration|unless|after|afterwards): /.test(line))
      .map((line) => pattern(line)),
    afterFailure: under('after').includes('a failed ADD'),
    parts: under('afterwards').includes('not compared'),
  }
}

/** `…` stands for any text. */
function pattern(text: string, { isPart = false } = {}): RegExp {
  const source = text
    .split('…')
    .map((part) => part.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&'))
    .join('.*')
  return new RegExp(isPart ? source : `^${source}$`, 's')
}

/** The first of the differences that a line shows. */
export function differenceOf(
  line: string,
  differences: readonly Difference[],
  circumstances: Circumstances,
): Difference | undefined {
  return differences.find((each) => fits(each, circumstances) && each.lines.some((pattern) => pattern.test(line)))
}

function fits(
  { plugins, commands, configuration, unless, afterFailure }: Difference,
  { plugin, command, configuration: own, hasFailed = false }: Circumstances,
): boolean {
  return (
    (plugin === undefined || plugins.length === 0 || plugins.includes(plugin)) &&
    (commands.length === 0 || commands.includes(command)) &&
    (own === undefined || ((configuration?.test(own) ?? true) && !unless?.test(own))) &&
    (hasFailed || !afterFailure)
  )
}
