import { attr, attributes, string, u32 } from '../../netlink/index.ts'

/** Metrics of a route, `<linux/rtnetlink.h> RTAX_*`. */
export const routeMetrics = attributes('RTAX', {
  lock: attr(1, u32),
  mtu: attr(2, u32),
  window: attr(3, u32),
  rtt: attr(4, u32),
  rttvar: attr(5, u32),
  ssthresh: attr(6, u32),
  cwnd: attr(7, u32),
  advmss: attr(8, u32),
  reordering: attr(9, u32),
  hoplimit: attr(10, u32),
  initcwnd: attr(11, u32),
  features: attr(12, u32),
  rtoMin: attr(13, u32),
  initrwnd: attr(14, u32),
  quickack: attr(15, u32),
  ccAlgo: attr(16, string),
  fastopenNoCookie: attr(17, u32),
})
