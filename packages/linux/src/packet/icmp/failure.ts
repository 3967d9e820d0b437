/** Why a packet did not arrive, as told by the host that dropped it. */
export interface Failure {
  /** The error that the kernel gives for it: `EHOSTUNREACH`. */
  readonly code: string
  /** `host unreachable` */
  readonly reason: string
}

interface FailureType {
  /** What the message means when its code says nothing more. */
  readonly name: string
  readonly code: string
  /** By the message's code, from 0 on. */
  readonly reasons: readonly string[]
}

const UNREACHABLE = 'destination unreachable'

/**
 * RFC 792 "Destination Unreachable Message" and "Time Exceeded Message", with the codes of RFC 1122 §3.2.2.1 and RFC
 * 1812 §5.2.7.1, by type.
 */
const icmpv4: Readonly<Record<number, FailureType>> = {
  3: {
    name: UNREACHABLE,
    code: 'EHOSTUNREACH',
    reasons: [
      'network unreachable',
      'host unreachable',
      'protocol unreachable',
      'port unreachable',
      'fragmentation needed',
      'source route failed',
      'network unknown',
      'host unknown',
      'source host isolated',
      'network administratively prohibited',
      'host administratively prohibited',
      'network unreachable for this type of service',
      'host unreachable for this type of service',
      'administratively prohibited',
      'host precedence violation',
      'precedence cutoff',
    ],
  },
  11: { name: 'time exceeded', code: 'EHOSTUNREACH', reasons: ['time to live exceeded', 'reassembly time exceeded'] },
}

/** RFC 4443 §3.1, §3.2 and §3.3, by type. */
const icmpv6: Readonly<Record<number, FailureType>> = {
  1: {
    name: UNREACHABLE,
    code: 'EHOSTUNREACH',
    reasons: [
      'no route',
      'administratively prohibited',
      'beyond the scope of the source address',
      'address unreachable',
      'port unreachable',
      'source address refused by policy',
      'route rejects',
    ],
  },
  2: { name: 'packet too big', code: 'EMSGSIZE', reasons: ['packet too big'] },
  3: { name: 'time exceeded', code: 'EHOSTUNREACH', reasons: ['hop limit exceeded', 'reassembly time exceeded'] },
}

const byVersion = { 4: icmpv4, 6: icmpv6 } as const

/** What an ICMP message of that type and code reports; `undefined` for one that reports no failure. */
export function failureOf(version: 4 | 6, type: number, code: number): Failure | undefined {
  const known = byVersion[version][type]
  return known && { code: known.code, reason: known.reasons[code] ?? `${known.name} (code ${code})` }
}
