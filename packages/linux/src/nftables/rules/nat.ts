import type { IP } from '@patchbay/address'
import { NFPROTO } from '../../nfnetlink/index.ts'
import { type DataType, inetService, ipv4Addr, ipv6Addr } from '../data-types.ts'
import { type Expression, NF_NAT_RANGE } from '../expressions/index.ts'
import { keyBytes, partsOf } from '../key-type.ts'
import { register, type Statement } from './rule-context.ts'
import { Source, slotsOf } from './source.ts'

/** How ports are chosen, when they must change. */
export interface PortChoice {
  /** Any port, by a hash. */
  random?: boolean | undefined
  /** Any port, at random. */
  fullyRandom?: boolean | undefined
  /** The same one for each connection of a client. */
  persistent?: boolean | undefined
}

export interface NatOptions extends PortChoice {
  port?: number | undefined
  /** The last of a range of addresses. */
  lastAddress?: IP | undefined
  /** The last of a range of ports. */
  lastPort?: number | undefined
}

/** What a map gives: an address, or an address and a port. */
type MappedAddress = Source<DataType<IP>> | Source<readonly [DataType<IP>, DataType<number>]>

/** Sends a packet to another address, given or from a map: `dnat to`. For chains of type nat. */
export function dnat(to: IP | MappedAddress, options: NatOptions = {}): Statement {
  return natTo('dnat', to, options)
}

/** Has a packet come from another address: `snat to`. For chains of type nat. */
export function snat(to: IP | MappedAddress, options: NatOptions = {}): Statement {
  return natTo('snat', to, options)
}

/** Has a packet come from the address of the interface by which it leaves. For chains of type nat. */
export function masquerade(
  options: PortChoice & { port?: number | undefined; lastPort?: number | undefined } = {},
): Statement {
  return () => {
    const ports = portsAt(0, options)
    const flags = flagsOf(options)
    return [...ports.expressions, { kind: 'masq', data: { ...(flags && { flags }), ...ports.registers } }]
  }
}

/** Sends a packet to this machine, to a port. For chains of type nat. */
export function redirect(port: number, options: PortChoice & { lastPort?: number | undefined } = {}): Statement {
  return () => {
    const ports = portsAt(0, { ...options, port })
    return [...ports.expressions, { kind: 'redir', data: { ...ports.registers, flags: flagsOf({ ...options, port }) } }]
  }
}

/** Each register of sixteen bytes is four slots. */
const slot = { address: 0, lastAddress: 4, port: 8 } as const

function natTo(type: 'dnat' | 'snat', to: IP | MappedAddress, options: NatOptions): Statement {
  const ports = portsAt(slot.port, options)
  const flags = flagsOf(options)
  if (to instanceof Source) {
    const [address, port] = partsOf(to.type)
    const family = address?.type === ipv4Addr.type ? NFPROTO.IPV4 : NFPROTO.IPV6
    const mapped = port && address ? { regProtoMin: register(slotsOf(address)) } : {}
    const registers = { regAddrMin: register(slot.address), ...mapped, ...ports.registers }
    return to.loaded(...ports.expressions, {
      kind: 'nat',
      data: { type, family, ...registers, ...(flags && { flags }) },
    })
  }
  const family = to.family === 4 ? NFPROTO.IPV4 : NFPROTO.IPV6
  const { lastAddress } = options
  const last = lastAddress && { regAddrMax: register(slot.lastAddress) }
  const registers = { regAddrMin: register(slot.address), ...last, ...ports.registers }
  return () => [
    addressIn(slot.address, to),
    ...(lastAddress ? [addressIn(slot.lastAddress, lastAddress)] : []),
    ...ports.expressions,
    { kind: 'nat', data: { type, family, ...registers, ...(flags && { flags }) } },
  ]
}

function addressIn(at: number, address: IP): Expression {
  return immediate(at, keyBytes<DataType<IP>>(address.family === 4 ? ipv4Addr : ipv6Addr, address))
}

function immediate(at: number, value: Uint8Array): Expression {
  return { kind: 'immediate', data: { dreg: register(at), data: { value } } }
}

function portsAt(
  at: number,
  { port, lastPort }: { port?: number | undefined; lastPort?: number | undefined },
): { expressions: Expression[]; registers: { regProtoMin?: number; regProtoMax?: number } } {
  if (port === undefined) return { expressions: [], registers: {} }
  const first = immediate(at, keyBytes(inetService, port))
  if (lastPort === undefined) return { expressions: [first], registers: { regProtoMin: register(at) } }
  const last = immediate(at + 4, keyBytes(inetService, lastPort))
  return { expressions: [first, last], registers: { regProtoMin: register(at), regProtoMax: register(at + 4) } }
}

function flagsOf({ port, random, fullyRandom, persistent }: PortChoice & { port?: number | undefined }): number {
  let flags = 0
  if (port !== undefined) flags |= NF_NAT_RANGE.PROTO_SPECIFIED
  if (random) flags |= NF_NAT_RANGE.PROTO_RANDOM
  if (fullyRandom) flags |= NF_NAT_RANGE.PROTO_RANDOM_FULLY
  if (persistent) flags |= NF_NAT_RANGE.PERSISTENT
  return flags
}
