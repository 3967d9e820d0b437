import { namespaceAdvice, probeProgram, programs } from '../capabilities.ts'
import { canUnshare } from '../sandbox.ts'

/** For tests of a tool that makes namespaces: `false`, or why they cannot run here. */
export const withoutNamespaces: string | false = canUnshare() ? false : `no namespaces: ${namespaceAdvice}`

/** For tests of a tool that runs a program in namespaces: `false`, or why they cannot run here. */
export function withoutProgram(name: string): string | false {
  const program = programs.find((each) => each.name === name)
  if (program === undefined) throw new Error(`Cannot look for "${name}": no test is known to need it`)
  if (withoutNamespaces) return withoutNamespaces
  return probeProgram(program).present ? false : `no ${name}: the package ${program.package} has it`
}
