import { attr, attributes, boolean8, flag, u8, u16, u32, u64 } from '../../../netlink/raw.ts'
import { bridgeId } from './bridge.ts'

/** Settings of a bridge port, `<linux/if_link.h> IFLA_BRPORT_*`. */
export class BridgePortAttributes {
  readonly state = attr(1, u8)
  readonly priority = attr(2, u16)
  readonly cost = attr(3, u32)
  /** Hairpin: a frame may leave by the port it came in by. */
  readonly mode = attr(4, boolean8)
  readonly guard = attr(5, boolean8)
  readonly protect = attr(6, boolean8)
  readonly fastLeave = attr(7, boolean8)
  readonly learning = attr(8, boolean8)
  readonly unicastFlood = attr(9, boolean8)
  readonly proxyarp = attr(10, boolean8)
  readonly learningSync = attr(11, boolean8)
  readonly proxyarpWifi = attr(12, boolean8)
  readonly rootId = attr(13, bridgeId)
  readonly bridgeId = attr(14, bridgeId)
  readonly designatedPort = attr(15, u16)
  readonly designatedCost = attr(16, u16)
  readonly id = attr(17, u16)
  readonly no = attr(18, u16)
  readonly topologyChangeAck = attr(19, u8)
  readonly configPending = attr(20, u8)
  readonly messageAgeTimer = attr(21, u64)
  readonly forwardDelayTimer = attr(22, u64)
  readonly holdTimer = attr(23, u64)
  readonly flush = attr(24, flag)
  readonly multicastRouter = attr(25, u8)
  readonly mcastFlood = attr(27, boolean8)
  readonly mcastToUcast = attr(28, boolean8)
  readonly vlanTunnel = attr(29, boolean8)
  readonly bcastFlood = attr(30, boolean8)
  readonly groupFwdMask = attr(31, u16)
  readonly neighSuppress = attr(32, boolean8)
  /** Isolated ports reach only ports that are not. */
  readonly isolated = attr(33, boolean8)
  readonly backupPort = attr(34, u32)
  readonly mrpRingOpen = attr(35, boolean8)
  readonly mrpInOpen = attr(36, boolean8)
  readonly mcastEhtHostsLimit = attr(37, u32)
  readonly mcastEhtHostsCnt = attr(38, u32)
  readonly locked = attr(39, boolean8)
  readonly mab = attr(40, boolean8)
  readonly mcastNGroups = attr(41, u32)
  readonly mcastMaxGroups = attr(42, u32)
  readonly neighVlanSuppress = attr(43, boolean8)
  readonly backupNhid = attr(44, u32)
}

/** The codec of {@link BridgePortAttributes}. */
export const bridgePort = attributes('IFLA_BRPORT', new BridgePortAttributes())

/** `<linux/if_bridge.h> BR_STATE_*`: values of `state`. */
export const BR_STATE = { DISABLED: 0, LISTENING: 1, LEARNING: 2, FORWARDING: 3, BLOCKING: 4 } as const
