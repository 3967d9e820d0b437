import { type Expression, type NFT_LOGLEVEL, NFT_REJECT_ICMPX, type StatefulExpression } from '../expressions/index.ts'
import type { KeyType } from '../key-type.ts'
import type { NamedSet } from '../set.ts'
import { requires } from './field.ts'
import { meta } from './fields.ts'
import { register, type Statement } from './rule-context.ts'
import type { Source } from './source.ts'

function one(expression: Expression): Statement {
  return () => [expression]
}

/** Counts packets and bytes: in the rule, or in the object of that name. */
export function counter(options: { name?: string | undefined } = {}): Statement {
  if (options.name !== undefined) return one({ kind: 'objref', data: { immType: 'counter', immName: options.name } })
  return one({ kind: 'counter', data: { bytes: 0n, packets: 0n } })
}

/** `<linux/netfilter/nf_tables.h> NFT_QUOTA_F_INV`, and so for limits */
const INVERTED = 1

/** Matches until so many bytes have passed; with `over`, from then on. */
export function quota(bytes: bigint, options: { over?: boolean | undefined } = {}): Statement {
  return one({ kind: 'quota', data: { bytes, flags: options.over ? INVERTED : 0 } })
}

const seconds = { second: 1n, minute: 60n, hour: 3600n, day: 86400n, week: 604800n } as const

export interface LimitOptions {
  per?: keyof typeof seconds | undefined
  /** What may come at once beyond that; default: 5 packets, no bytes. */
  burst?: number | undefined
  /** Matches what exceeds the rate instead. */
  over?: boolean | undefined
  /** Counts bytes instead of packets. */
  bytes?: boolean | undefined
}

/** Matches as long as packets come at no more than a rate, by default so many a second. */
export function limit(rate: number, options: LimitOptions = {}): Statement {
  const { per = 'second', bytes = false, burst = bytes ? 0 : 5, over } = options
  const type = bytes ? 'pkt_bytes' : 'pkts'
  return one({
    kind: 'limit',
    data: { rate: BigInt(rate), unit: seconds[per], burst, type, flags: over ? INVERTED : 0 },
  })
}

export interface LogOptions {
  prefix?: string | undefined
  level?: Lowercase<keyof typeof NFT_LOGLEVEL> | undefined
  /** Sends the packets to the netlink group of that number; without, the kernel's log has them. */
  group?: number | undefined
  /** So many bytes of each packet are sent to the group. */
  snaplen?: number | undefined
}

/** Logs packets. */
export function log(options: LogOptions = {}): Statement {
  return one({ kind: 'log', data: options })
}

/** Answers that a packet was refused, with a TCP reset or an ICMP error, and drops it. */
export function reject(how: 'tcp reset' | Lowercase<keyof typeof NFT_REJECT_ICMPX> = 'port_unreach'): Statement {
  if (how === 'tcp reset')
    return (context) => [
      ...requires(context, meta.l4proto, 'tcp'),
      { kind: 'reject', data: { type: 'tcp_rst', icmpCode: 0 } },
    ]
  const code = Object.entries(NFT_REJECT_ICMPX).find(([name]) => name.toLowerCase() === how)?.[1] ?? 0
  return one({ kind: 'reject', data: { type: 'icmpx_unreach', icmpCode: code } })
}

/** Leaves packets out of connection tracking. For chains of priority `raw`. */
export function notrack(): Statement {
  return one({ kind: 'notrack' })
}

/** `<netinet/tcp.h> TCPOPT_MAXSEG`: kind, length, and from byte 2 on the size. */
const maxSegment = { type: 2, offset: 2, len: 2 } as const

/** Has TCP use segments that fit the way: `tcp option maxseg size set rt mtu`. */
export function clampMaxSegment(): Statement {
  const reg = register(0)
  return (context) => [
    ...requires(context, meta.l4proto, 'tcp'),
    { kind: 'rt', data: { dreg: reg, key: 'tcpmss' } },
    { kind: 'byteorder', data: { sreg: reg, dreg: reg, op: 'hton', len: 2, size: 2 } },
    { kind: 'exthdr', data: { sreg: reg, op: 'tcpopt', ...maxSegment } },
  ]
}

/**
 * Adds something of a packet to a set that is `dynamic`; `update` starts its time again when the set has it. With
 * `expressions`, each element has a counter or a limit of its own.
 */
export function addTo<K extends KeyType>(
  set: NamedSet<K>,
  source: Source<K>,
  options: {
    update?: boolean | undefined
    timeoutMs?: number | undefined
    expressions?: StatefulExpression[] | undefined
  } = {},
): Statement {
  const { update, timeoutMs, expressions = [] } = options
  const [expr] = expressions
  return source.loaded({
    kind: 'dynset',
    data: {
      setName: set.name,
      op: update ? 'update' : 'add',
      sregKey: register(0),
      timeout: timeoutMs === undefined ? undefined : BigInt(timeoutMs),
      ...(expressions.length === 1 && { expr }),
      ...(expressions.length > 1 && { expressions }),
    },
  })
}
