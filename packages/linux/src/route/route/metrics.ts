import { type Attributes, attr, attributes, string, u32 } from '../../netlink/raw.ts'

/** Metrics of a route, `<linux/rtnetlink.h> RTAX_*`. */
export class RouteMetricsAttributes {
  readonly lock = attr(1, u32)
  readonly mtu = attr(2, u32)
  readonly window = attr(3, u32)
  readonly rtt = attr(4, u32)
  readonly rttvar = attr(5, u32)
  readonly ssthresh = attr(6, u32)
  readonly cwnd = attr(7, u32)
  readonly advmss = attr(8, u32)
  readonly reordering = attr(9, u32)
  readonly hoplimit = attr(10, u32)
  readonly initcwnd = attr(11, u32)
  readonly features = attr(12, u32)
  readonly rtoMin = attr(13, u32)
  readonly initrwnd = attr(14, u32)
  readonly quickack = attr(15, u32)
  readonly ccAlgo = attr(16, string)
  readonly fastopenNoCookie = attr(17, u32)
}

/** The codec of {@link RouteMetricsAttributes}. */
export const routeMetrics = attributes('RTAX', new RouteMetricsAttributes())

/** Metrics of a route with their values. */
export interface RouteMetrics extends Attributes<RouteMetricsAttributes> {}
