import { type IP, ipFromBytes, MAC } from '@patchbay/address'
import { DecodeError } from '../netlink/index.ts'
import { be16, type FixedCodec, named, string, u8, u16, u32 } from '../netlink/raw.ts'

/** A kind of value, as `nft` calls and numbers it: in packets, in keys and data of sets. */
export interface DataType<T> {
  /** `ipv4_addr` */
  readonly name: string
  /** By this `nft` knows the type again; the kernel does not look at it. */
  readonly type: number
  readonly codec: FixedCodec<T>
  /** Whether its bytes stand in network order; only such values have ranges. */
  readonly bigEndian: boolean
}

function network<T>(name: string, type: number, codec: FixedCodec<T>): DataType<T> {
  return { name, type, codec, bigEndian: true }
}

function host<T>(name: string, type: number, codec: FixedCodec<T>): DataType<T> {
  return { name, type, codec, bigEndian: false }
}

/** Sixteen bytes of the IPv4-mapped block read as what they are, an IPv4 address; nothing writes such. */
function addressOf(version: 4 | 6): FixedCodec<IP> {
  const size = version === 4 ? 4 : 16
  return {
    size,
    write(w, value) {
      if (value.family !== version) throw new RangeError(`Cannot encode ${value}: not an IPv${version} address`)
      w.bytes(value.bytes)
    },
    read(payload) {
      if (payload.length !== size) throw new DecodeError('', `an IPv${version} address of ${payload.length} bytes`)
      return ipFromBytes(payload)
    },
  }
}

const etherAddress: FixedCodec<MAC> = {
  size: 6,
  write(w, value) {
    const { bytes } = value
    if (bytes.length !== 6) throw new RangeError(`Cannot encode ${value}: not an Ethernet address`)
    w.bytes(bytes)
  },
  read(payload) {
    if (payload.length !== 6) throw new DecodeError('', `an Ethernet address of ${payload.length} bytes`)
    return MAC.fromBytes(payload)
  },
}

const encoder = new TextEncoder()

/** `<linux/if.h> IFNAMSIZ` */
const IFNAMSIZ = 16

const interfaceName: FixedCodec<string> = {
  size: IFNAMSIZ,
  write(w, value) {
    const bytes = encoder.encode(value)
    if (bytes.length >= IFNAMSIZ || bytes.includes(0))
      throw new RangeError(`Cannot encode ${JSON.stringify(value)}: not the name of an interface`)
    w.bytes(bytes)
    w.zeros(IFNAMSIZ - bytes.length)
  },
  read: string.read,
}

/** The sum of the bits that the words stand for. */
function bits<const N extends Record<string, number>>(names: N): FixedCodec<readonly (keyof N & string)[]> {
  const all = Object.entries(names) as [keyof N & string, number][]
  return {
    size: 4,
    write: (w, words) => w.u32(words.reduce((sum, word) => sum | (names[word] ?? 0), 0) >>> 0),
    read(payload) {
      const value = u32.read(payload)
      return all.filter(([, bit]) => (value & bit) !== 0).map(([word]) => word)
    },
  }
}

export const ipv4Addr = network('ipv4_addr', 7, addressOf(4))
export const ipv6Addr = network('ipv6_addr', 8, addressOf(6))
export const etherAddr = network('ether_addr', 9, etherAddress)
export const etherType = network('ether_type', 10, named(be16, { ip: 0x0800, arp: 0x0806, ip6: 0x86dd, vlan: 0x8100 }))

/** Transport protocols, `<netinet/in.h> IPPROTO_*`. */
export const inetProto = network(
  'inet_proto',
  12,
  named(u8, {
    icmp: 1,
    igmp: 2,
    tcp: 6,
    udp: 17,
    dccp: 33,
    gre: 47,
    esp: 50,
    ah: 51,
    'ipv6-icmp': 58,
    sctp: 132,
    udplite: 136,
  }),
)

/** A port. */
export const inetService = network('inet_service', 13, be16)
export const icmpType = network(
  'icmp_type',
  14,
  named(u8, { 'echo-reply': 0, 'destination-unreachable': 3, 'echo-request': 8, 'time-exceeded': 11 }),
)
export const icmpv6Type = network(
  'icmpv6_type',
  29,
  named(u8, {
    'destination-unreachable': 1,
    'packet-too-big': 2,
    'time-exceeded': 3,
    'echo-request': 128,
    'echo-reply': 129,
    'nd-router-solicit': 133,
    'nd-router-advert': 134,
    'nd-neighbor-solicit': 135,
    'nd-neighbor-advert': 136,
  }),
)

/** Versions of IP, `<linux/netfilter.h> NFPROTO_*`. */
export const nfProto = host('nf_proto', 2, named(u8, { ipv4: 2, ipv6: 10 }))
export const tcpFlag = host('tcp_flag', 15, u8)
export const mark = host('mark', 19, u32)
export const ifaceIndex = host('iface_index', 20, u32)
/** `<linux/if_arp.h> ARPHRD_*` */
export const ifaceType = host('iface_type', 21, named(u16, { ether: 1, loopback: 772 }))
export const uid = host('uid', 24, u32)
export const gid = host('gid', 25, u32)
export const ctState = host('ct_state', 26, bits({ invalid: 1, established: 2, related: 4, new: 8, untracked: 64 }))
export const ctDir = host('ct_dir', 27, named(u8, { original: 0, reply: 1 }))
export const ctStatus = host(
  'ct_status',
  28,
  bits({ expected: 1, 'seen-reply': 2, assured: 4, confirmed: 8, snat: 16, dnat: 32, dying: 512 }),
)

/** `<linux/if_packet.h> PACKET_*` */
export const pktType = host('pkt_type', 31, named(u8, { host: 0, broadcast: 1, multicast: 2, other: 3 }))

/** `<linux/rtnetlink.h> RTN_*` */
export const fibAddrtype = host(
  'fib_addrtype',
  38,
  named(u32, { unspec: 0, unicast: 1, local: 2, broadcast: 3, anycast: 4, multicast: 5, blackhole: 6, unreachable: 7 }),
)
/** Whether a route lookup found something. */
export const fibPresence = host('boolean', 39, named(u32, { missing: 0, present: 1 }))
export const ifname = host('ifname', 41, interfaceName)
/** A number of the host's without a type of its own: `meta cgroup`. */
export const integer = host('integer', 4, u32)

/** All of them. */
export const dataTypes: readonly DataType<unknown>[] = [
  ipv4Addr,
  ipv6Addr,
  etherAddr,
  etherType,
  inetProto,
  inetService,
  icmpType,
  icmpv6Type,
  nfProto,
  tcpFlag,
  mark,
  ifaceIndex,
  ifaceType,
  uid,
  gid,
  ctState,
  ctDir,
  ctStatus,
  pktType,
  fibAddrtype,
  ifname,
  integer,
]
