import { probeProgram, programs } from '../capabilities.ts'

/** For tests of a tool that runs a program: `false`, or why they cannot run here. */
export function withoutProgram(name: string): string | false {
  const program = programs.find((each) => each.name === name)
  if (program === undefined) throw new Error(`Cannot look for "${name}": no test is known to need it`)
  return probeProgram(program).present ? false : `no ${name}: the package ${program.package} has it`
}
