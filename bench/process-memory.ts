import { readFileSync } from 'node:fs'
import { type Call, runCall } from './calls.ts'

/**
 * The kernel counts for a process what the program before it took, too: the one that called execve(2). A shell is smaller than
 * any plugin, and becomes perl only when the plugin has ended. `$call` is getrusage(2), asked about children that have ended;
 * `ru_maxrss`, in KiB, is the fifth word.
 */
const script = `
"$PATCHBAY_BENCH_PROGRAM" || exit
exec perl -e '$usage = "\\0" x 144; syscall(0 + $ARGV[0], -1, $usage) == 0 or exit 1; print STDERR "maxrss ", (unpack "q5", $usage)[4]' "$0"`
/** `<asm/unistd.h>`, by what Node calls the machine. */
const getrusage: Readonly<Record<string, number>> = { x64: 98, arm64: 165, riscv64: 165 }

/**
 * Runs a plugin as {@link runCall}. `mebibytes` is what it had in memory at most, or the largest process that it started;
 * `undefined` where perl is missing or this machine's number of getrusage(2) is unknown.
 */
export function runMeasured(call: Call): { readonly output: string; readonly mebibytes: number | undefined } {
  const number = getrusage[process.arch]
  if (number === undefined) return { output: runCall(call).output, mebibytes: undefined }
  const env = { ...call.env, PATCHBAY_BENCH_PROGRAM: call.program }
  const { output, errors } = runCall({ ...call, program: '/bin/sh', args: ['-c', script, String(number)], env })
  const [, kibibytes] = /^maxrss (\d+)$/m.exec(errors) ?? []
  return { output, mebibytes: kibibytes === undefined ? undefined : Number(kibibytes) / 1024 }
}

/** MiB of a process: what it has now, with its share of what several have; and what it had in memory at most. */
export function memoryOf(pid: number): { readonly pss: number; readonly peak: number } {
  const field = (file: string, name: string) => {
    const text = readFileSync(`/proc/${pid}/${file}`, 'utf8')
    return Number(new RegExp(`^${name}:\\s*(\\d+) kB`, 'm').exec(text)?.[1] ?? 0) / 1024
  }
  return { pss: field('smaps_rollup', 'Pss'), peak: field('status', 'VmHWM') }
}
