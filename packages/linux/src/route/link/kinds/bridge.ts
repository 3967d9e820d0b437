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
} from '../../../netlink/index.ts'

/** `struct ifla_bridge_id`, `<linux/if_link.h>`. */
export const bridgeId = struct({ priority: be16, address: binaryOf(6) })

/** `struct br_boolopt_multi`, `<linux/if_bridge.h>`: options and which of them are meant. */
const booleanOptions = struct({ optval: u32, optmask: u32 })

/**
 * Data of a link of kind `bridge`, `<linux/if_link.h> IFLA_BR_*`. Times are in hundredths of a second; those of
 * multicast too.
 */
export const bridge = attributes('IFLA_BR', {
  forwardDelay: attr(1, u32),
  helloTime: attr(2, u32),
  maxAge: attr(3, u32),
  ageingTime: attr(4, u32),
  stpState: attr(5, u32),
  priority: attr(6, u16),
  vlanFiltering: attr(7, boolean8),
  vlanProtocol: attr(8, be16),
  groupFwdMask: attr(9, u16),
  rootId: attr(10, bridgeId),
  bridgeId: attr(11, bridgeId),
  rootPort: attr(12, u16),
  rootPathCost: attr(13, u32),
  topologyChange: attr(14, u8),
  topologyChangeDetected: attr(15, u8),
  helloTimer: attr(16, u64),
  tcnTimer: attr(17, u64),
  topologyChangeTimer: attr(18, u64),
  gcTimer: attr(19, u64),
  groupAddr: attr(20, mac),
  fdbFlush: attr(21, flag),
  mcastRouter: attr(22, u8),
  mcastSnooping: attr(23, boolean8),
  mcastQueryUseIfaddr: attr(24, boolean8),
  mcastQuerier: attr(25, boolean8),
  mcastHashElasticity: attr(26, u32),
  mcastHashMax: attr(27, u32),
  mcastLastMemberCnt: attr(28, u32),
  mcastStartupQueryCnt: attr(29, u32),
  mcastLastMemberIntvl: attr(30, u64),
  mcastMembershipIntvl: attr(31, u64),
  mcastQuerierIntvl: attr(32, u64),
  mcastQueryIntvl: attr(33, u64),
  mcastQueryResponseIntvl: attr(34, u64),
  mcastStartupQueryIntvl: attr(35, u64),
  nfCallIptables: attr(36, boolean8),
  nfCallIp6tables: attr(37, boolean8),
  nfCallArptables: attr(38, boolean8),
  vlanDefaultPvid: attr(39, u16),
  vlanStatsEnabled: attr(41, boolean8),
  mcastStatsEnabled: attr(42, boolean8),
  mcastIgmpVersion: attr(43, u8),
  mcastMldVersion: attr(44, u8),
  vlanStatsPerPort: attr(45, boolean8),
  multiBoolopt: attr(46, booleanOptions),
})
