import { attr, attributes, boolean8, flag, u8, u16, u32, u64 } from '../../../netlink/index.ts'
import { bridgeId } from './bridge.ts'

/** Settings of a bridge port, `<linux/if_link.h> IFLA_BRPORT_*`. */
export const bridgePort = attributes('IFLA_BRPORT', {
  state: attr(1, u8),
  priority: attr(2, u16),
  cost: attr(3, u32),
  /** Hairpin: a frame may leave by the port it came in by. */
  mode: attr(4, boolean8),
  guard: attr(5, boolean8),
  protect: attr(6, boolean8),
  fastLeave: attr(7, boolean8),
  learning: attr(8, boolean8),
  unicastFlood: attr(9, boolean8),
  proxyarp: attr(10, boolean8),
  learningSync: attr(11, boolean8),
  proxyarpWifi: attr(12, boolean8),
  rootId: attr(13, bridgeId),
  bridgeId: attr(14, bridgeId),
  designatedPort: attr(15, u16),
  designatedCost: attr(16, u16),
  id: attr(17, u16),
  no: attr(18, u16),
  topologyChangeAck: attr(19, u8),
  configPending: attr(20, u8),
  messageAgeTimer: attr(21, u64),
  forwardDelayTimer: attr(22, u64),
  holdTimer: attr(23, u64),
  flush: attr(24, flag),
  multicastRouter: attr(25, u8),
  mcastFlood: attr(27, boolean8),
  mcastToUcast: attr(28, boolean8),
  vlanTunnel: attr(29, boolean8),
  bcastFlood: attr(30, boolean8),
  groupFwdMask: attr(31, u16),
  neighSuppress: attr(32, boolean8),
  /** Isolated ports reach only ports that are not. */
  isolated: attr(33, boolean8),
  backupPort: attr(34, u32),
  mrpRingOpen: attr(35, boolean8),
  mrpInOpen: attr(36, boolean8),
  mcastEhtHostsLimit: attr(37, u32),
  mcastEhtHostsCnt: attr(38, u32),
  locked: attr(39, boolean8),
  mab: attr(40, boolean8),
  mcastNGroups: attr(41, u32),
  mcastMaxGroups: attr(42, u32),
  neighVlanSuppress: attr(43, boolean8),
  backupNhid: attr(44, u32),
})

/** `<linux/if_bridge.h> BR_STATE_*`: values of `state`. */
export const BR_STATE = { DISABLED: 0, LISTENING: 1, LEARNING: 2, FORWARDING: 3, BLOCKING: 4 } as const
