export { type ExtendedAck, isNetlinkError, NetlinkError } from './netlink-error.ts'
export { type NamespaceHandle, NetlinkSocket, type SocketOptions } from './netlink-socket.ts'
export { type Operation, operation, type Request, request } from './operation.ts'
export { NetlinkSubscription, type SubscriptionOptions } from './subscription.ts'
