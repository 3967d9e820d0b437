import { errnoName, errnoText } from '../../sys/index.ts'
import type { Acknowledgement } from '../wire/index.ts'

/** What the kernel says about a refused request beyond the error number. */
export interface ExtendedAck {
  /** The kernel's sentence. */
  message?: string
  /** Where in the request the offending attribute begins, in bytes from the start of the message. */
  offset?: number
  /** That attribute by name: `IFLA.linkinfo.link.data.peer.mtu`. */
  path?: string
  /** The range or size that the kernel accepts. */
  policy?: Acknowledgement['extack']['policy']
  /** Number of an attribute that the kernel wanted and did not get. */
  missing?: number
}

/** A request that the kernel refused. Compare `code`; the message is human-readable. */
export class NetlinkError extends Error {
  override readonly name = 'NetlinkError'
  /** The kernel's name of the request: `RTM_NEWLINK`. */
  readonly operation: string
  /** What it was about, where requests say so: `chain inet filter input`. */
  readonly object?: string
  /** Positive error number, `<errno.h>`. */
  readonly errno: number
  /** Its name: `EEXIST`. */
  readonly code: string
  /** Sequence number of the request; 0 when the socket itself failed. */
  readonly sequence: number
  /** Which of the requests sent in one go it was, from 0. */
  readonly position: number
  readonly extack?: ExtendedAck

  constructor(
    operation: string,
    errno: number,
    options: { sequence?: number; position?: number; object?: string | undefined; extack?: ExtendedAck } = {},
  ) {
    const { object } = options
    super(`${operation}${object === undefined ? '' : ` (${object})`}: ${errnoText(errno)}${describe(options.extack)}`)
    this.operation = operation
    if (object !== undefined) this.object = object
    this.errno = errno
    this.code = errnoName(errno)
    this.sequence = options.sequence ?? 0
    this.position = options.position ?? 0
    if (options.extack) this.extack = options.extack
  }

  /** The message without the operation, for callers that say themselves what they did: `file exists`. */
  get reason(): string {
    return `${errnoText(this.errno)}${describe(this.extack)}`
  }
}

function describe(extack: ExtendedAck | undefined): string {
  if (!extack) return ''
  const sentence = extack.message === undefined ? '' : `: ${extack.message}`
  const missing = extack.missing === undefined ? '' : ` (attribute ${extack.missing} is missing)`
  return `${sentence}${extack.path === undefined ? missing : ` (${extack.path})`}`
}

/**
 * Whether `error` is the kernel's refusal with one of these error names, or any when none is given. Errors of another
 * copy of this package count as well.
 */
export function isNetlinkError(error: unknown, ...codes: string[]): error is NetlinkError {
  return isAnyNetlinkError(error) && (codes.length === 0 || codes.includes(error.code))
}

function isAnyNetlinkError(error: unknown): error is NetlinkError {
  if (error instanceof NetlinkError) return true
  return error instanceof Error && error.name === 'NetlinkError' && 'code' in error && 'operation' in error
}
