import { attr, attributes, binary, struct, u32, u64 } from '../../netlink/raw.ts'
import { ratespec } from '../rate.ts'

/** `struct tc_htb_glob`, `<linux/pkt_sched.h>`. */
const init = struct({
  /** {@link TC_HTB_PROTOVER} */
  version: u32,
  rate2quantum: u32,
  /** The minor number of the class for what no filter has classified. */
  defcls: u32,
  debug: u32,
  directPkts: u32,
})

/** `<linux/pkt_sched.h> TC_HTB_PROTOVER`: the version of the layout that the kernel asks for. */
export const TC_HTB_PROTOVER = 3

/** `struct tc_htb_opt`, `<linux/pkt_sched.h>`. */
const parms = struct({
  rate: ratespec,
  ceil: ratespec,
  /** Ticks in which the burst passes at `rate`, ... */
  buffer: u32,
  /** ... and at `ceil`. */
  cbuffer: u32,
  /** Bytes that a class may send before it is another's turn. */
  quantum: u32,
  level: u32,
  prio: u32,
})

/** Options of hierarchical token buckets, `<linux/pkt_sched.h> TCA_HTB_*`. */
export class HtbAttributes {
  readonly init = attr(2, init)
  /** Packets that wait when they go past all classes. */
  readonly directQlen = attr(5, u32)
}

/** The codec of {@link HtbAttributes}. */
export const htb = attributes('TCA_HTB', new HtbAttributes())

/** Options of a class of hierarchical token buckets, `<linux/pkt_sched.h> TCA_HTB_*`. */
export class HtbClassAttributes {
  readonly parms = attr(1, parms)
  readonly ctab = attr(3, binary)
  readonly rtab = attr(4, binary)
  /** Bytes a second that do not fit into {@link parms}. */
  readonly rate64 = attr(6, u64)
  readonly ceil64 = attr(7, u64)
}

/** The codec of {@link HtbClassAttributes}. */
export const htbClass = attributes('TCA_HTB', new HtbClassAttributes())
