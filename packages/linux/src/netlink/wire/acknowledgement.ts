import { type Attributes, attr, attributes } from './attributes.ts'
import { DecodeError } from './codec.ts'
import { u32At } from './endian.ts'
import { HEADER_BYTES, NLM_F, NLMSG, type RawMessage } from './message.ts'
import { binary, s32, s64, string, u32, u64 } from './scalar.ts'
import { align } from './writer.ts'

/** Range and type that the kernel wanted of an attribute, `<linux/netlink.h> NL_POLICY_TYPE_ATTR_*`. */
export class PolicyAttributes {
  readonly type = attr(1, u32)
  readonly minValueS = attr(2, s64)
  readonly maxValueS = attr(3, s64)
  readonly minValueU = attr(4, u64)
  readonly maxValueU = attr(5, u64)
  readonly minLength = attr(6, u32)
  readonly maxLength = attr(7, u32)
  readonly policyIdx = attr(8, u32)
  readonly policyMaxtype = attr(9, u32)
  readonly bitfield32Mask = attr(10, u32)
  readonly mask = attr(12, u64)
}

/** The codec of {@link PolicyAttributes}. */
export const policy = attributes('NL_POLICY_TYPE_ATTR', new PolicyAttributes())

/** Extended acknowledgement, `<linux/netlink.h> NLMSGERR_ATTR_*`. */
export class ExtendedAckAttributes {
  readonly msg = attr(1, string)
  readonly offs = attr(2, u32)
  readonly cookie = attr(3, binary)
  readonly policy = attr(4, policy)
  readonly missType = attr(5, u32)
  readonly missNest = attr(6, u32)
}

/** The codec of {@link ExtendedAckAttributes}. */
export const extendedAck = attributes('NLMSGERR_ATTR', new ExtendedAckAttributes())

/** What the kernel answers a request: 0 or a negated errno, and what it has to say about it. */
export interface Acknowledgement {
  error: number
  extack: Attributes<(typeof extendedAck)['table']>
}

/**
 * Reads an `NLMSG_ERROR`, or the end of a dump (`NLMSG_DONE`) that carries an error the same way.
 * A malformed extended part never hides the error number.
 */
export function readAcknowledgement(message: RawMessage): Acknowledgement {
  if (message.body.length < 4) {
    if (message.type === NLMSG.DONE) return { error: 0, extack: {} }
    throw new DecodeError('', `acknowledgement of ${message.body.length} bytes`)
  }
  const error = s32.read(message.body.subarray(0, 4))
  return { error, extack: message.flags & NLM_F.ACK_TLVS ? readExtack(message) : {} }
}

function readExtack(message: RawMessage): Acknowledgement['extack'] {
  // An error repeats the header of the request, and its body too unless it was capped.
  const skipped = message.type === NLMSG.DONE ? 0 : requestLength(message)
  try {
    return extendedAck.readAt(message.body, Math.min(4 + skipped, message.body.length), message.body.length)
  } catch (error) {
    if (error instanceof DecodeError) return {}
    throw error
  }
}

function requestLength(message: RawMessage): number {
  if (message.flags & NLM_F.CAPPED || message.body.length < 4 + HEADER_BYTES) return HEADER_BYTES
  return align(Math.min(u32At(message.body, 4), message.body.length))
}
