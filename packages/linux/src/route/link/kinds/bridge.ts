import {
  attr,
  attributes,
  be16,
  binaryOf,
  boolean8,
  flag,
  mac,
  struct,
  u8,
  u16,
  u32,
  u64,
} from '../../../netlink/raw.ts'

/** `struct ifla_bridge_id`, `<linux/if_link.h>`. */
export const bridgeId = struct({ priority: be16, address: binaryOf(6) })

/** `struct br_boolopt_multi`, `<linux/if_bridge.h>`: options and which of them are meant. */
const booleanOptions = struct({ optval: u32, optmask: u32 })

/**
 * Data of a link of kind `bridge`, `<linux/if_link.h> IFLA_BR_*`. Times are in hundredths of a second; those of
 * multicast too.
 */
export class BridgeAttributes {
  readonly forwardDelay = attr(1, u32)
  readonly helloTime = attr(2, u32)
  readonly maxAge = attr(3, u32)
  readonly ageingTime = attr(4, u32)
  readonly stpState = attr(5, u32)
  readonly priority = attr(6, u16)
  readonly vlanFiltering = attr(7, boolean8)
  readonly vlanProtocol = attr(8, be16)
  readonly groupFwdMask = attr(9, u16)
  readonly rootId = attr(10, bridgeId)
  readonly bridgeId = attr(11, bridgeId)
  readonly rootPort = attr(12, u16)
  readonly rootPathCost = attr(13, u32)
  readonly topologyChange = attr(14, u8)
  readonly topologyChangeDetected = attr(15, u8)
  readonly helloTimer = attr(16, u64)
  readonly tcnTimer = attr(17, u64)
  readonly topologyChangeTimer = attr(18, u64)
  readonly gcTimer = attr(19, u64)
  readonly groupAddr = attr(20, mac)
  readonly fdbFlush = attr(21, flag)
  readonly mcastRouter = attr(22, u8)
  readonly mcastSnooping = attr(23, boolean8)
  readonly mcastQueryUseIfaddr = attr(24, boolean8)
  readonly mcastQuerier = attr(25, boolean8)
  readonly mcastHashElasticity = attr(26, u32)
  readonly mcastHashMax = attr(27, u32)
  readonly mcastLastMemberCnt = attr(28, u32)
  readonly mcastStartupQueryCnt = attr(29, u32)
  readonly mcastLastMemberIntvl = attr(30, u64)
  readonly mcastMembershipIntvl = attr(31, u64)
  readonly mcastQuerierIntvl = attr(32, u64)
  readonly mcastQueryIntvl = attr(33, u64)
  readonly mcastQueryResponseIntvl = attr(34, u64)
  readonly mcastStartupQueryIntvl = attr(35, u64)
  readonly nfCallIptables = attr(36, boolean8)
  readonly nfCallIp6tables = attr(37, boolean8)
  readonly nfCallArptables = attr(38, boolean8)
  readonly vlanDefaultPvid = attr(39, u16)
  readonly vlanStatsEnabled = attr(41, boolean8)
  readonly mcastStatsEnabled = attr(42, boolean8)
  readonly mcastIgmpVersion = attr(43, u8)
  readonly mcastMldVersion = attr(44, u8)
  readonly vlanStatsPerPort = attr(45, boolean8)
  readonly multiBoolopt = attr(46, booleanOptions)
}

/** The codec of {@link BridgeAttributes}. */
export const bridge = attributes('IFLA_BR', new BridgeAttributes())
