import { errnoText, messageOf } from '../config/error-text.ts'
import { parseJson, quote } from '../json/index.ts'
import { CniError, parseCniError } from '../types/index.ts'
import { outputLimits, type ProcessEnd, type ProcessOutcome } from './run-process.ts'

/** Go's names of signals, <linux/signal.h>. */
const signalNames: Readonly<Record<string, string>> = {
  SIGABRT: 'aborted',
  SIGALRM: 'alarm clock',
  SIGBUS: 'bus error',
  SIGFPE: 'floating point exception',
  SIGHUP: 'hangup',
  SIGILL: 'illegal instruction',
  SIGINT: 'interrupt',
  SIGIO: 'I/O possible',
  SIGKILL: 'killed',
  SIGPIPE: 'broken pipe',
  SIGPROF: 'profiling timer expired',
  SIGPWR: 'power failure',
  SIGQUIT: 'quit',
  SIGSEGV: 'segmentation fault',
  SIGSTKFLT: 'stack fault',
  SIGSYS: 'bad system call',
  SIGTERM: 'terminated',
  SIGTRAP: 'trace/breakpoint trap',
  SIGUSR1: 'user defined signal 1',
  SIGUSR2: 'user defined signal 2',
  SIGVTALRM: 'virtual timer expired',
  SIGXCPU: 'CPU time limit exceeded',
  SIGXFSZ: 'file size limit exceeded',
}

/** Returns the error of a plugin that failed: the one it printed, or one with code 0 that says what was seen. */
export function pluginFailure(path: string, outcome: ProcessOutcome): CniError {
  const { stdout, stderr } = outcome
  if (outcome.overflowed) {
    return new CniError('unknown', `Cannot run plugin "${path}": more than ${outputLimits.stdout} bytes of output`)
  }
  if (stdout !== '') return parseFailure(stdout)
  if (stderr !== '') return new CniError('unknown', `netplugin failed: ${quote(stderr)}`)
  const details = isForeign(outcome.end) ? `Cannot run "${path}": ${foreign}` : undefined
  return new CniError('unknown', `netplugin failed with no error message: ${endText(path, outcome.end)}`, { details })
}

const foreign = 'it is no executable for this machine and has no "#!" line'

function isForeign(end: ProcessEnd): boolean {
  return end.kind === 'failed' && end.code === 'ENOEXEC'
}

function parseFailure(stdout: string): CniError {
  try {
    return parseCniError(parseJson(stdout))
  } catch (error) {
    return new CniError(
      'unknown',
      `netplugin failed but error parsing its diagnostic message ${quote(stdout)}: ${messageOf(error)}`,
      { cause: error },
    )
  }
}

/** How Go prints the end of a process: `exit status 1`, `signal: killed`, `fork/exec /bin/x: permission denied`. */
function endText(path: string, end: ProcessEnd): string {
  if (end.kind === 'exited') return `exit status ${end.status}`
  if (end.kind === 'signalled') return `signal: ${signalNames[end.signal] ?? end.signal}`
  return `fork/exec ${path}: ${errnoText(end.code, end.message)}`
}
