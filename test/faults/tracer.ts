import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { constants, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** A system call of a program, its threads and its children. */
export interface CallSite {
  /** Which process: `0` is the first, `0.2` its second child. */
  readonly role: string
  /** By the first thread of the process, or by any other. */
  readonly kind: 'm' | 'w'
  readonly call: string
  /** Which of that name by threads of that kind, from 1. */
  readonly ordinal: number
  /** What it was about and how it ended. */
  readonly about: string
}

/** An error by its name: `EIO`. */
export type ErrorName = keyof typeof constants.errno

/** What happens at a call. `kill` is for all processes, `kill-first` for the one that was started. */
export type Deed =
  | { readonly deed: 'kill' | 'kill-after' | 'kill-first' | 'kill-first-after' }
  | { readonly deed: 'fail' | 'fail-after'; readonly error: ErrorName }

/** What a tracer has attached itself to. */
export interface Attached {
  /** Ends the tracing, and with it the process. */
  end(): Promise<void>
}

const source = fileURLToPath(new URL('../../faults/inject.c', import.meta.url))

/** What traces programs: `inject.c` says how. */
export class Tracer implements Disposable {
  readonly #folder = mkdtempSync(join(tmpdir(), 'patchbay-tracer-'))
  readonly #program = join(this.#folder, 'inject')
  readonly #names = new Map<number, string>()
  readonly #numbers = new Map<string, number>()

  constructor() {
    const compiler = process.env['CC'] ?? 'cc'
    execFileSync(compiler, ['-std=gnu11', '-O1', '-Wall', '-Wextra', '-Werror', '-o', this.#program, source])
    const macros = execFileSync(compiler, ['-E', '-dM', '-x', 'c', '-'], { input: '#include <asm/unistd.h>' })
    for (const [, name = '', number] of String(macros).matchAll(/#define __NR(?:3264)?_(\w+) (\d+)$/gm)) {
      this.#names.set(Number(number), name)
      this.#numbers.set(name, Number(number))
    }
  }

  /** Words before a program that have its calls listed; {@link listed} gives them. */
  listing(log = 'list'): string[] {
    return [this.#program, this.#log(log), 'list', '--']
  }

  listed(log = 'list'): CallSite[] {
    const lines = this.#lines(log).map((line) => [Number(line.split('\t')[0]), this.#siteOf(line)] as const)
    return lines.sort(([a], [b]) => a - b).map(([, site]) => site)
  }

  /** Words before a program that do something at a call; {@link hit} says whether it came to that. */
  at({ role, kind, call, ordinal }: CallSite, what: Deed, log = 'hit'): string[] {
    const which = [role, kind, String(this.#numbers.get(call)), String(ordinal)]
    const error = 'error' in what ? [String(constants.errno[what.error])] : []
    rmSync(this.#log(log), { force: true })
    return [this.#program, this.#log(log), what.deed, ...which, ...error, '--']
  }

  /** Does that at a call of a process that runs, whose calls are counted from now on; with no call, has them listed. */
  async attach(pid: number, deed?: readonly [CallSite, Deed]): Promise<Attached> {
    const words = deed === undefined ? this.listing() : this.at(...deed)
    const [program = '', ...args] = [...words.slice(0, -1), '-p', String(pid)]
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] })
    const ended = once(child, 'exit')
    for await (const chunk of child.stdout) if (String(chunk).includes('ready')) break
    const end = async () => {
      child.kill()
      await ended
    }
    return { end }
  }

  hit(log = 'hit'): CallSite | undefined {
    const [line] = this.#lines(log)
    return line === undefined ? undefined : this.#siteOf(line)
  }

  #log(name: string): string {
    return join(this.#folder, `${name}.log`)
  }

  #lines(log: string): string[] {
    return readFileSync(this.#log(log), 'utf8')
      .split('\n')
      .filter((line) => line !== '')
  }

  #siteOf(line: string): CallSite {
    const [, role = '', kind, number, ordinal, about = '', result] = line.split('\t')
    const call = this.#names.get(Number(number)) ?? `call ${number}`
    return { role, kind: kind === 'm' ? 'm' : 'w', call, ordinal: Number(ordinal), about: `${about} = ${result}` }
  }

  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true, force: true })
  }
}

/** For a person: `0.1 w sendto 3 (5<socket:[1]> = 24)`. */
export function nameOf({ role, kind, call, ordinal, about }: CallSite): string {
  return `${role} ${kind} ${call} ${ordinal} (${about})`
}

/** The calls from where a plugin has its input on. */
export function sitesFromInput(sites: readonly CallSite[]): CallSite[] {
  const first = sites.findIndex(({ call, about }) => call === 'read' && about.startsWith('0<'))
  return sites.slice(first)
}

/** Whether a call is of a program that is not ours, such as iptables. */
export function foreignSites(sites: readonly CallSite[]): (site: CallSite) => boolean {
  const started = new Map<string, CallSite>()
  for (const site of sites) if (site.role !== '0' && site.call === 'execve') started.set(site.role, site)
  return (site) => {
    const start = started.get(site.role)
    return start !== undefined && sites.indexOf(site) > sites.indexOf(start)
  }
}
