import { attr, attributes, binary, struct, u32, u64 } from '../../netlink/raw.ts'
import { ratespec } from '../rate.ts'

/** `struct tc_tbf_qopt`, `<linux/pkt_sched.h>`. */
const parms = struct({
  rate: ratespec,
  peakrate: ratespec,
  /** Bytes that may wait. */
  limit: u32,
  /** Ticks in which the burst passes. */
  buffer: u32,
  mtu: u32,
})

/** Options of the token bucket filter, `<linux/pkt_sched.h> TCA_TBF_*`. */
export class TbfAttributes {
  readonly parms = attr(1, parms)
  readonly rtab = attr(2, binary)
  readonly ptab = attr(3, binary)
  /** Bytes a second that do not fit into {@link parms}. */
  readonly rate64 = attr(4, u64)
  readonly prate64 = attr(5, u64)
  /** In a request: bytes, instead of `buffer`. */
  readonly burst = attr(6, u32)
  readonly pburst = attr(7, u32)
}

/** The codec of {@link TbfAttributes}. */
export const tbf = attributes('TCA_TBF', new TbfAttributes())
