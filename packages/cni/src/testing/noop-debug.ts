import { readFileSync, writeFileSync } from 'node:fs'
import { array, type Decoded, formatJson, int, type JsonObject, object, parseJson, string } from '../json/index.ts'

const cmdArgs = object('skel.CmdArgs', {
  ContainerID: string,
  Netns: string,
  IfName: string,
  Args: string,
  Path: string,
  NetnsOverride: string,
  /** In base64. */
  StdinData: string,
})

const debug = object('debug.Debug', {
  /**
   * What ADD prints, valid or not; `{}` when empty. `PASSTHROUGH` prints the previous result, `INJECT-DNS` that with
   * the name server 1.2.3.4.
   */
  ReportResult: string,
  /** Fails with this message, when it is not empty. */
  ReportError: string,
  /** Code of that failure; 999 when absent or 0. */
  ReportErrorCode: int,
  /** What is written to standard error, before anything else. */
  ReportStderr: string,
  /** The versions that the plugin claims to support. */
  ReportVersionSupport: array(string),
  /** Ends with this exit status, above 0, and prints nothing. */
  ExitWithCode: int,
  /** Written by the plugin: the last command it was called with. */
  Command: string,
  /** Written by the plugin: what it was called with. */
  CmdArgs: cmdArgs,
})

const commandLog = array(object('debug.CmdLogEntry', { Command: string, CmdArgs: cmdArgs }))

/** What the noop plugin got from its caller. */
export type NoopCmdArgs = Decoded<typeof cmdArgs>

/** The file that scripts the noop plugin and in which it says how it was called; every key is optional. */
export type NoopDebug = Decoded<typeof debug>

/** One call in the noop plugin's command log. */
export type NoopLogEntry = Decoded<typeof commandLog>[number]

/** Reads a debug file. Throws the system's error, and JsonError for an invalid one. */
export function readNoopDebug(path: string): NoopDebug {
  return debug.decode(parseJson(readFileSync(path, 'utf8')))
}

/** Writes a debug file. */
export function writeNoopDebug(path: string, { CmdArgs, ...script }: NoopDebug): void {
  const json: JsonObject = { ...script, ...(CmdArgs ? { CmdArgs: { ...CmdArgs } } : {}) }
  writeFileSync(path, formatJson(json), { mode: 0o600 })
}

/** Reads a command log, oldest call first. Throws the system's error, and JsonError for an invalid file. */
export function readNoopLog(path: string): NoopLogEntry[] {
  return commandLog.decode(parseJson(readFileSync(path, 'utf8')))
}

/** Appends a call to a command log, which need not exist. */
export function appendNoopLog(path: string, Command: string, CmdArgs: NoopCmdArgs): void {
  const before = parseJson(readIfExists(path) || '[]')
  const entries = Array.isArray(before) ? before : []
  writeFileSync(path, formatJson([...entries, { Command, CmdArgs: { ...CmdArgs } }]), { mode: 0o600 })
}

function readIfExists(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
