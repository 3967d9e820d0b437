import type { IP } from '@patchbay/address'
import * as types from '../data-types.ts'
import { type Expression, type NFT_CT, type NFT_META, NFTA_FIB_F } from '../expressions/index.ts'
import { BitField, Field, InterfaceField, MarkField, requires } from './field.ts'
import { type RuleContext, register } from './rule-context.ts'
import type { Access } from './source.ts'

type MetaKey = Lowercase<keyof typeof NFT_META>
type CtKey = Lowercase<keyof typeof NFT_CT>

function metaAccess(key: MetaKey): Access {
  return { load: (slot) => [{ kind: 'meta', data: { key, dreg: register(slot) } }] }
}

function metaField<T>(key: MetaKey, type: types.DataType<T>): Field<T> {
  return new Field(`meta ${key}`, type, metaAccess(key))
}

function metaName(key: MetaKey): InterfaceField {
  return new InterfaceField(`meta ${key}`, types.ifname, metaAccess(key))
}

/** What is known of a packet beside its bytes. */
export const meta = {
  iifname: metaName('iifname'),
  oifname: metaName('oifname'),
  iif: metaField('iif', types.ifaceIndex),
  oif: metaField('oif', types.ifaceIndex),
  iiftype: metaField('iiftype', types.ifaceType),
  mark: new MarkField('meta mark', types.mark, {
    ...metaAccess('mark'),
    store: { kind: 'meta', data: { key: 'mark', sreg: register(0) } },
  }),
  nfproto: metaField('nfproto', types.nfProto),
  l4proto: metaField('l4proto', types.inetProto),
  protocol: metaField('protocol', types.etherType),
  pkttype: metaField('pkttype', types.pktType),
  skuid: metaField('skuid', types.uid),
  skgid: metaField('skgid', types.gid),
  cgroup: metaField('cgroup', types.integer),
} as const

function ctAccess(key: CtKey): Access {
  return { load: (slot) => [{ kind: 'ct', data: { key, dreg: register(slot) } }] }
}

/** What connection tracking knows of a packet. */
export const ct = {
  state: new BitField('ct state', types.ctState, ctAccess('state')),
  status: new BitField('ct status', types.ctStatus, ctAccess('status')),
  direction: new Field('ct direction', types.ctDir, ctAccess('direction')),
  mark: new MarkField('ct mark', types.mark, {
    ...ctAccess('mark'),
    store: { kind: 'ct', data: { key: 'mark', sreg: register(0) } },
  }),
} as const

/** Where in a packet a field is, and how it is known that it has that header. */
interface Position {
  readonly base: 'll_header' | 'network_header' | 'transport_header'
  readonly offset: number
  readonly depends?: Access['depends']
}

function payload<T>(name: string, type: types.DataType<T>, { base, offset, depends }: Position): Field<T> {
  const len = type.codec.size
  return new Field(name, type, {
    load: (slot) => [{ kind: 'payload', data: { dreg: register(slot), base, offset, len } }],
    depends,
  })
}

function isIPv4(context: RuleContext): readonly Expression[] {
  return isNetwork(context, 'ip')
}

function isIPv6(context: RuleContext): readonly Expression[] {
  return isNetwork(context, 'ip6')
}

/** Tables of one version of IP see no other packets. */
function isNetwork(context: RuleContext, family: 'ip' | 'ip6'): readonly Expression[] {
  if (context.family === 'inet') return requires(context, meta.nfproto, family === 'ip' ? 'ipv4' : 'ipv6')
  if (context.family === 'bridge' || context.family === 'netdev') return requires(context, meta.protocol, family)
  return []
}

type Transport = 'tcp' | 'udp' | 'sctp' | 'icmp' | 'ipv6-icmp'

function isTransport(protocol: Transport): (context: RuleContext) => readonly Expression[] {
  return (context) => requires(context, meta.l4proto, protocol)
}

function network<T>(name: string, type: types.DataType<T>, offset: number): Field<T> {
  const depends = name.startsWith('ip6 ') ? isIPv6 : isIPv4
  return payload(name, type, { base: 'network_header', offset, depends })
}

/** The header of IPv4, RFC 791. */
export const ip = {
  saddr: network<IP>('ip saddr', types.ipv4Addr, 12),
  daddr: network<IP>('ip daddr', types.ipv4Addr, 16),
  protocol: network('ip protocol', types.inetProto, 9),
} as const

/** The header of IPv6, RFC 8200. */
export const ip6 = {
  saddr: network<IP>('ip6 saddr', types.ipv6Addr, 8),
  daddr: network<IP>('ip6 daddr', types.ipv6Addr, 24),
  nexthdr: network('ip6 nexthdr', types.inetProto, 6),
} as const

function portsOf(protocol: 'tcp' | 'udp' | 'sctp' | 'th'): { sport: Field<number>; dport: Field<number> } {
  const depends = protocol === 'th' ? {} : { depends: isTransport(protocol) }
  const port = (name: string, offset: number) =>
    payload(`${protocol} ${name}`, types.inetService, { base: 'transport_header', offset, ...depends })
  return { sport: port('sport', 0), dport: port('dport', 2) }
}

export const tcp = portsOf('tcp')
export const udp = portsOf('udp')
export const sctp = portsOf('sctp')

/** The header of any transport protocol that has ports; a rule sees to it that it is one of those. */
export const th = portsOf('th')

export const icmp = {
  type: payload('icmp type', types.icmpType, {
    base: 'transport_header',
    offset: 0,
    depends: (context) => [...isIPv4(context), ...isTransport('icmp')(context)],
  }),
} as const

export const icmpv6 = {
  type: payload('icmpv6 type', types.icmpv6Type, {
    base: 'transport_header',
    offset: 0,
    depends: (context) => [...isIPv6(context), ...isTransport('ipv6-icmp')(context)],
  }),
} as const

/** Only in tables of bridges is it a matter of course that a packet came by Ethernet. */
function isEthernet(context: RuleContext): readonly Expression[] {
  const isGiven = context.family === 'bridge' || context.family === 'netdev'
  return isGiven ? [] : requires(context, meta.iiftype, 'ether')
}

/** The header of an Ethernet frame. */
export const ether = {
  daddr: payload('ether daddr', types.etherAddr, { base: 'll_header', offset: 0, depends: isEthernet }),
  saddr: payload('ether saddr', types.etherAddr, { base: 'll_header', offset: 6, depends: isEthernet }),
} as const

function fibField<T>(
  by: readonly (keyof typeof NFTA_FIB_F)[],
  result: 'addrtype' | 'oif',
  type: types.DataType<T>,
): Field<T> {
  const flags = by.reduce((sum, name) => sum | NFTA_FIB_F[name], 0)
  const name = `fib ${by.join(' . ').toLowerCase()} ${result}`
  return new Field(name, type, { load: (slot) => [{ kind: 'fib', data: { dreg: register(slot), result, flags } }] })
}

/** What the routing tables say of a packet's addresses. */
export const fib = {
  /** The kind of address it goes to: `local` is one of this machine. */
  daddrType: fibField(['DADDR'], 'addrtype', types.fibAddrtype),
  /** The same, as far as the interface goes that the packet came in by. */
  daddrIifType: fibField(['DADDR', 'IIF'], 'addrtype', types.fibAddrtype),
  saddrType: fibField(['SADDR'], 'addrtype', types.fibAddrtype),
  /** Whether an answer would leave by the interface that it came in by: reverse path filtering. */
  saddrIif: fibField(['SADDR', 'IIF', 'PRESENT'], 'oif', types.fibPresence),
} as const
