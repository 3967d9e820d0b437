export {
  NETLINK_NETFILTER,
  NFNL_SUBSYS,
  NFPROTO,
  type Nfgenmsg,
  nfgenmsg,
  nfnetlinkType,
  openNetfilterSocket,
} from './nfnetlink.ts'
