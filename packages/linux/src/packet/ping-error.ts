import type { IP } from '@patchbay/address'

/** An address that did not answer. */
export class PingError extends Error {
  override readonly name = 'PingError'
  /**
   * What became of the request: `ETIMEDOUT` when nobody answered, `EHOSTUNREACH` (for a packet too big `EMSGSIZE`) when
   * an ICMP message says that it did not arrive, and the kernel's when it could not be sent: `ENETUNREACH` without a
   * route, `EPERM` without CAP_NET_RAW.
   */
  readonly code: string
  readonly to: IP
  /** Who says that the request did not arrive; known for IPv4. */
  readonly from?: IP

  constructor(to: IP, state: string, options: { code: string; from?: IP | undefined; cause?: unknown }) {
    super(`Cannot ping "${to}": ${state}`, options.cause === undefined ? {} : { cause: options.cause })
    this.to = to
    this.code = options.code
    if (options.from) this.from = options.from
  }
}
