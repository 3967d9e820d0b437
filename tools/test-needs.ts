import { posix } from 'node:path'
import { importsOf } from './imports.ts'
import type { Repository } from './repository.ts'

/** Something that a machine may lack, and what in a test's source shows that the test asks it. */
interface Witness {
  readonly name: string
  readonly sign: RegExp
}

/** A string that is the name of the program, or a command line that begins with it. */
function program(name: string, ...names: readonly string[]): Witness {
  const any = [name, ...names].join('|')
  return { name, sign: new RegExp(`(?<![\\w./-])(?:${any})(?:['"\`]| [-a-z0-9$])`) }
}

/** The plugins that `test/conformance` compares with, as one more thing that a machine may lack. */
export const referencePlugins = 'reference plugins'

const witnesses: readonly Witness[] = [
  program('ip'),
  program('nft'),
  program('iptables', 'iptables-save', 'iptables-restore', 'ip6tables', 'ip6tables-save', 'ip6tables-restore'),
  program('conntrack'),
  program('strace'),
  program('cc'),
  program('firewall-cmd', 'firewalld'),
  program('dbus-daemon'),
  { name: referencePlugins, sign: /\bPATCHBAY_REFERENCE\b/ },
]

/**
 * What a test asks besides the kernel, as read from its source and from the modules beside it that it imports.
 * @returns names as in the table of capabilities
 */
export function needsOf(repository: Repository, file: string): ReadonlySet<string> {
  const sources = [...closure(repository, file)].map((each) => repository.read(each))
  return new Set(witnesses.filter(({ sign }) => sources.some((source) => sign.test(source))).map(({ name }) => name))
}

function closure(repository: Repository, start: string): ReadonlySet<string> {
  const reached = new Set([start])
  for (const file of reached)
    for (const { specifier } of importsOf(repository.read(file))) {
      if (specifier?.startsWith('.') !== true) continue
      const path = posix.join(posix.dirname(file), specifier)
      if (repository.files.includes(path)) reached.add(path)
    }
  return reached
}
