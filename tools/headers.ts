import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type Finding, isMain, runCheck } from './check.ts'
import { declaredConstants, exportedConstants, type KernelConstant, type Spelling } from './kernel-constants.ts'
import type { Repository } from './repository.ts'

/** `kernel-headers.json` */
export interface HeaderData extends Spelling {
  readonly include: readonly string[]
  /** Version of the oldest headers that this check is run with. */
  readonly oldest: string
  /** Constants that the oldest headers lack, with the kernel version that brought them. */
  readonly newer: Readonly<Record<string, string>>
}

const dataFile = 'tools/kernel-headers.json'
const sources = /^packages\/linux\/src\/.*\.ts$/

/** Compares every number that packages/linux took from the kernel with the installed headers, by compiling a C file. */
export async function checkHeaders(repository: Repository): Promise<Finding[]> {
  const data: HeaderData = JSON.parse(repository.read(dataFile))
  const constants: KernelConstant[] = []
  const exported = new Set<string>()
  for (const file of repository.files.filter((each) => sources.test(each))) {
    const source = repository.read(file)
    const built = join(repository.root, file.replace('/src/', '/dist/src/').replace(/\.ts$/, '.js'))
    const exports: Readonly<Record<string, unknown>> = await import(pathToFileURL(built).href)
    for (const name of Object.keys(exports)) exported.add(name)
    constants.push(...declaredConstants(file, source), ...exportedConstants({ file, source, exports }, data))
  }
  return [...compareWithHeaders(unique(constants), data), ...checkData(constants, exported, data)]
}

function unique(constants: readonly KernelConstant[]): KernelConstant[] {
  const found = new Map<string, KernelConstant>()
  for (const constant of constants) {
    const key = `${constant.name}=${constant.value}`
    // A declaration tells more than the index that exports it again.
    if (found.get(key)?.file.endsWith('/index.ts') ?? true) found.set(key, constant)
  }
  return [...found.values()]
}

/** What the compiler objects to. */
export function compareWithHeaders(constants: readonly KernelConstant[], data: HeaderData): Finding[] {
  const head = data.include.map((file) => `#include <${file}>`)
  const assertions = constants.map(({ name, value }) => `_Static_assert(${name} == ${value}, "${name}");`)
  const errors = compile([...head, ...assertions].join('\n'))
  const version = headerVersion()
  const findings: Finding[] = errors
    .filter(({ line }) => line <= head.length)
    .map(({ message }) => ({ file: dataFile, rule: 'headers', message }))
  constants.forEach((constant, index) => {
    const error = errors.find(({ line }) => line === head.length + index + 1)?.message
    const message = judge(constant, error, data.newer[constant.name], version)
    if (message !== undefined) findings.push({ file: constant.file, line: constant.line, rule: 'headers', message })
  })
  return findings
}

function judge(
  { name, value }: KernelConstant,
  error: string | undefined,
  since: string | undefined,
  version: string,
): string | undefined {
  const missing = error?.includes('undeclared') ?? false
  const isNewer = since !== undefined && compareVersions(version, since) < 0
  if (isNewer)
    return missing
      ? undefined
      : `${name} is in the headers of Linux ${version}, not new in ${since}: correct ${dataFile}`
  if (error === undefined) return undefined
  if (!missing) return `${name} is not ${value} in the headers of Linux ${version}: ${error}`
  return `${name} is not in the headers of Linux ${version}: correct the name, or say in ${dataFile} since when the kernel has it`
}

/** Entries of the data file that nothing needs. */
function checkData(
  constants: readonly KernelConstant[],
  exported: ReadonlySet<string>,
  { newer, oldest, own, spelled }: HeaderData,
): Finding[] {
  const names = new Set(constants.map(({ name }) => name))
  const unused = [
    ...[...Object.keys(newer), ...Object.values(spelled).flat()].filter((name) => !names.has(name)),
    ...Object.keys(own).filter((name) => !exported.has(name)),
  ]
  const old = Object.entries(newer).filter(([name, since]) => names.has(name) && compareVersions(since, oldest) <= 0)
  return [
    ...unused.map((name) => `${name} is used nowhere: remove it`),
    ...old.map(([name, since]) => `${name} of Linux ${since} is in all headers since ${oldest}: remove it`),
  ].map((message) => ({ file: dataFile, rule: 'headers', message }))
}

interface CompilerError {
  readonly line: number
  readonly message: string
}

function cc(args: readonly string[], input: string): { status: number | null; stdout: string; stderr: string } {
  const compiler = process.env['CC'] ?? 'cc'
  const env = { ...process.env, LC_ALL: 'C' }
  const result = spawnSync(compiler, ['-x', 'c', ...args, '-'], { input, env, encoding: 'utf8' })
  if (result.error !== undefined) {
    throw new Error(`Cannot check the headers: "${compiler}" does not start; install a C compiler or set CC`)
  }
  return result
}

function compile(program: string): CompilerError[] {
  const { status, stderr } = cc(['-std=gnu11', '-fsyntax-only', '-fmax-errors=0'], program)
  const errors = [...stderr.matchAll(/^<stdin>:(\d+):\d+: (?:fatal )?error: (.*)$/gm)]
  if (status !== 0 && errors.length === 0) throw new Error(`Cannot check the headers: ${stderr}`)
  return errors.map(([, line, message = '']) => ({ line: Number(line), message }))
}

function headerVersion(): string {
  const { stdout } = cc(['-E', '-P'], '#include <linux/version.h>\nLINUX_VERSION_CODE\n')
  const code = Number(stdout.trim())
  return `${code >> 16}.${(code >> 8) & 0xff}`
}

/** Negative when `a` is the older one. */
function compareVersions(a: string, b: string): number {
  const [majorA = 0, minorA = 0] = a.split('.').map(Number)
  const [majorB = 0, minorB = 0] = b.split('.').map(Number)
  return majorA - majorB || minorA - minorB
}

if (isMain(import.meta.url)) await runCheck('headers', checkHeaders)
