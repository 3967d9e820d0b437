import { connect } from 'node:net'
import { isDirectory } from '../executor/file-status.ts'
import { buildId } from './build-id.ts'
import { formatRequest, frame, frameHeaderBytes } from './frames.ts'

/** By this name a client asks about the daemon instead of calling a plugin. */
export const statusName = 'patchbay'

const DEFAULT_TIMEOUT_MS = 10_000

/** What calls are counted by: the commands of the specification, and all else that a caller may say. */
export const countedCommands = ['ADD', 'CHECK', 'DEL', 'GC', 'STATUS', 'VERSION', 'other'] as const
export type CountedCommand = (typeof countedCommands)[number]

/** What a daemon says about itself. */
export interface DaemonStatus {
  readonly version: string
  readonly pid: number
  readonly uptimeSeconds: number
  readonly rssBytes: number
  /** Shims and other clients that are connected. */
  readonly connections: number
  /** Calls that run, and that wait for their turn. */
  readonly running: number
  readonly waiting: number
  /** Calls carried out, by command. */
  readonly finished: Readonly<Partial<Record<CountedCommand, number>>>
  /** Those of them that failed. */
  readonly failed: number
  /** Calls that their shims were told to do themselves. */
  readonly refused: number
  /** Links: those still being deleted, those deleted, and the requests to the kernel that this took. */
  readonly deletions: { readonly pending: number; readonly finished: number; readonly batches: number }
}

export interface StatusOptions {
  /** How long to wait for each piece of the answer, in milliseconds; 10,000 by default. */
  timeoutMs?: number
}

/**
 * Asks the daemon that listens on `path`.
 *
 * @throws Error when no daemon runs, or it is of another build, or says nothing for as long as `timeoutMs`
 */
export async function readStatus(path: string, options: StatusOptions = {}): Promise<DaemonStatus> {
  const answer = await exchange(path, formatRequest(buildId, { name: statusName, env: {}, stdin: '' }), options)
  const payload = answer.subarray(frameHeaderBytes)
  if (answer[4] === frame.done) return JSON.parse(payload.toString('utf8', 1))
  const why = answer.length === 0 ? 'it says nothing' : payload.toString()
  throw new Error(`Cannot ask the daemon on "${path}": ${why}`)
}

function exchange(
  path: string,
  request: Uint8Array,
  { timeoutMs = DEFAULT_TIMEOUT_MS }: StatusOptions,
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const pieces: Buffer[] = []
    const socket = connect(path)
    socket.on('connect', () => socket.write(request))
    socket.setTimeout(timeoutMs, () => {
      socket.destroy()
      reject(new Error(`Cannot ask the daemon on "${path}": it says nothing within ${timeoutMs / 1000} s`))
    })
    socket.on('data', (piece) => pieces.push(piece))
    socket.on('end', () => resolve(Buffer.concat(pieces)))
    socket.on('error', (cause: NodeJS.ErrnoException) => {
      const reason = isDirectory(path) ? directory : (reasons[cause.code ?? ''] ?? cause.message)
      reject(new Error(`Cannot reach a daemon on "${path}": ${reason}`, { cause }))
    })
  })
}

const directory = 'it is a directory; name the socket in it by --socket or PATCHBAY_SOCKET'
const none = 'none listens there; start one with "patchbayd", or name its socket by --socket or PATCHBAY_SOCKET'

/** Why a connection fails, by the error's code. */
const reasons: Readonly<Record<string, string>> = {
  ENOENT: none,
  ENOTDIR: none,
  ECONNREFUSED: none,
  EACCES: 'this user may not connect to it; ask as the user who runs it',
  // A daemon that is full says so, but the runtime may lose that with the connection.
  ECONNRESET: 'it has closed the connection; it is full, or has ended',
}

/** The status for a person: a line for each figure. */
export function formatStatus(status: DaemonStatus): string {
  const finished = Object.entries(status.finished).map(([command, count]) => `${count} ${command}`)
  const { pending, finished: deleted, batches } = status.deletions
  const lines = [
    ['daemon', `${status.version}, process ${status.pid}, up ${Math.round(status.uptimeSeconds)} s`],
    ['memory', `${(status.rssBytes / 2 ** 20).toFixed(0)} MiB`],
    ['connections', String(status.connections)],
    ['calls', `${status.running} running, ${status.waiting} waiting`],
    ['finished', `${finished.join(', ') || 'none'}; ${status.failed} failed, ${status.refused} refused`],
    ['links', `${deleted} deleted in ${batches} requests, ${pending} pending`],
  ]
  return lines.map(([name = '', text]) => `${name.padEnd(12)} ${text}\n`).join('')
}
