import {
  type Attributes,
  attr,
  attributes,
  binary,
  type Codec,
  numbered,
  s32,
  struct,
  u32,
  variant,
} from '../netlink/raw.ts'

/** `<linux/pkt_cls.h> TC_ACT_*`: what becomes of a packet when an action is done with it. */
export const TC_ACT = { UNSPEC: -1, OK: 0, RECLASSIFY: 1, SHOT: 2, PIPE: 3, STOLEN: 4, QUEUED: 5, REPEAT: 6 } as const

/** `<linux/tc_act/tc_mirred.h> TCA_*`: values of `eaction`, where packets go. */
export const TCA = { EGRESS_REDIR: 1, EGRESS_MIRROR: 2, INGRESS_REDIR: 3, INGRESS_MIRROR: 4 } as const

/** `tc_gen`, `<linux/pkt_cls.h>`: with what every action begins. */
const general = {
  index: u32,
  capab: u32,
  /** {@link TC_ACT} */
  action: s32,
  refcnt: s32,
  bindcnt: s32,
} as const

/** Options of `mirred`, which sends packets to another link, `<linux/tc_act/tc_mirred.h> TCA_MIRRED_*`. */
export class MirredAttributes {
  readonly tm = attr(1, binary)
  /** `struct tc_mirred` */
  readonly parms = attr(
    2,
    struct({
      ...general,
      /** {@link TCA} */
      eaction: s32,
      /** Index of the link that packets are sent to. */
      ifindex: u32,
    }),
  )
}

/** Options of `gact`, which decides about packets, `<linux/tc_act/tc_gact.h> TCA_GACT_*`. */
export class GactAttributes {
  readonly tm = attr(1, binary)
  /** `struct tc_gact` */
  readonly parms = attr(2, struct(general))
  readonly prob = attr(3, binary)
}

/** The codec of {@link MirredAttributes}. */
export const mirred = attributes('TCA_MIRRED', new MirredAttributes())

/** The codec of {@link GactAttributes}. */
export const gact = attributes('TCA_GACT', new GactAttributes())

/** Attributes of an action, `<linux/pkt_cls.h> TCA_ACT_*`. */
export class ActionAttributes {
  readonly action = variant(1, 2, { mirred, gact })
  readonly index = attr(3, u32)
  readonly stats = attr(4, binary)
  readonly cookie = attr(6, binary)
}

/** The codec of {@link ActionAttributes}. */
export const action = attributes('TCA_ACT', new ActionAttributes())

/** An action of a filter. */
export interface Action extends Attributes<ActionAttributes> {}

/** The codec of a filter's actions, in the order in which they are done. */
export const actions: Codec<Action[]> = numbered(action)

/** What the kernel fills in itself. */
const fresh = { index: 0, capab: 0, refcnt: 0, bindcnt: 0 } as const

/** Sends packets out by the link with that index, and does nothing else with them: `action mirred egress redirect dev X`. */
export function redirectTo(index: number): Action {
  return {
    action: {
      kind: 'mirred',
      data: {
        parms: { ...fresh, action: TC_ACT.STOLEN, eaction: TCA.EGRESS_REDIR, ifindex: index },
      },
    },
  }
}
