import { attr, attributes, binary, u32 } from '../../netlink/raw.ts'
import { actions } from '../actions.ts'

/** Options of the filter that matches every packet, `<linux/pkt_cls.h> TCA_MATCHALL_*`. */
export class MatchallAttributes {
  readonly classid = attr(1, u32)
  readonly act = attr(2, actions)
  readonly flags = attr(3, u32)
  readonly pcnt = attr(4, binary)
}

/** The codec of {@link MatchallAttributes}. */
export const matchall = attributes('TCA_MATCHALL', new MatchallAttributes())
