import { readFileSync } from 'node:fs'

/** Who a process is to the kernel. */
export interface Identity {
  /** Effective user id. */
  readonly uid: number
  /** `CapEff` of /proc/self/status. */
  readonly capabilities: bigint
}

/** What tools and plugins need, by bit: `<linux/capability.h>`. */
const needed = { CAP_NET_ADMIN: 12n, CAP_NET_RAW: 13n, CAP_SYS_ADMIN: 21n } as const

/** The system's sentences for `EPERM` and `EACCES`. */
const refusals: Readonly<Record<string, string>> = { EPERM: 'operation not permitted', EACCES: 'permission denied' }

/** The identity of this process. */
export function ownIdentity(): Identity {
  const [, digits = '0'] = /^CapEff:\s*([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'latin1')) ?? []
  return { uid: process.geteuid?.() ?? 0, capabilities: BigInt(`0x${digits}`) }
}

/**
 * What to do about an error that says no more than that the system does not allow something: `run it as root`. `undefined` for
 * any other error, and where it is not for want of permissions.
 */
export function permissionRemedy(error: unknown, { uid, capabilities }: Identity): string | undefined {
  if (!(error instanceof Error) || !isRefusal(error, error.message)) return undefined
  if (uid !== 0) return 'run it as root'
  const missing = Object.entries(needed).filter(([, bit]) => !(capabilities & (1n << bit)))
  return missing.length === 0 ? undefined : `root lacks ${missing.map(([name]) => name).join(', ')} here`
}

/** By the code of the error, or of a cause; a message that goes on has a remedy of its own. */
function isRefusal(error: Error, message: string): boolean {
  const sentence = 'code' in error ? refusals[String(error.code)] : undefined
  if (sentence !== undefined && message.endsWith(sentence)) return true
  const within = error instanceof AggregateError ? error.errors : [error.cause]
  return within.some((each) => each instanceof Error && each !== error && isRefusal(each, message))
}
