export { type Answer, type Echo, type Failure, readAnswer, writeEchoRequest } from './icmp/index.ts'
export { type PingOptions, ping } from './ping.ts'
export { PingError } from './ping-error.ts'
export { AF_INET, AF_INET6, type SocketAddressOptions, writeSocketAddress } from './socket-address.ts'
