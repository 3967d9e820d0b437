export {
  type Address,
  addAddress,
  addAddressRequest,
  deleteAddress,
  IFA_F,
  listAddresses,
  standardBroadcast,
} from './address/address.ts'
export { listPeerAddresses } from './address/peer-addresses.ts'
export { RTNLGRP } from './constants.ts'
export * from './link/index.ts'
export {
  addNeighbour,
  deleteNeighbour,
  listNeighbours,
  type Neighbour,
  NTF,
  NUD,
  replaceNeighbour,
} from './neighbour/neighbour.ts'
export { type NextHop, RT_TABLE } from './route/message.ts'
export type { RouteMetrics } from './route/metrics.ts'
export {
  addRoute,
  addRouteRequest,
  deleteRoute,
  deleteRouteRequest,
  getRoute,
  listRoutes,
  type Route,
  type RouteConflict,
  type RouteFilter,
  RT_SCOPE,
  RTN,
  RTPROT,
} from './route/route.ts'
export { openRouteSocket, type RouteEvent, subscribeRoute } from './route-socket.ts'
export {
  addRule,
  addRuleRequest,
  deleteRule,
  deleteRuleRequest,
  FIB_RULE,
  FR_ACT,
  listRules,
  type Rule,
} from './rule/rule.ts'
