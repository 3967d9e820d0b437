import {
  type NamespaceHandle,
  NetlinkSocket,
  NetlinkSubscription,
  type Operation,
  type SocketOptions,
} from '../netlink/index.ts'
import { type Address, addressOperations, decodeAddress } from './address/address.ts'
import { AF, NETLINK_ROUTE } from './constants.ts'
import { type Link, linkOperations } from './link/link.ts'
import { routeOperations } from './route/message.ts'
import { decodeRoute, type Route } from './route/route.ts'

/**
 * A socket for links, addresses, routes and neighbours of one namespace.
 *
 * @throws SystemError when the socket cannot be opened in that namespace
 */
export function openRouteSocket(options: SocketOptions = {}): NetlinkSocket {
  return NetlinkSocket.open(NETLINK_ROUTE, options)
}

/** What changed in a namespace: `added` stands for changed objects as well. */
export type RouteEvent =
  | { object: 'link'; change: 'added' | 'deleted'; link: Link }
  | { object: 'address'; change: 'added' | 'deleted'; address: Address }
  | { object: 'route'; change: 'added' | 'deleted'; route: Route }
  /** Events were lost: everything known from them must be read again. */
  | { object: 'overrun' }

/**
 * Tells of changes in a namespace until closed. `groups` are {@link RTNLGRP}. `onError` is called with what the listener
 * throws, and with a `DecodeError` of an event that cannot be read; without it these are thrown as uncaught exceptions. The
 * events that follow are told either way.
 */
export function subscribeRoute(
  options: {
    netns?: NamespaceHandle | undefined
    groups: readonly number[]
    onError?: ((error: unknown) => void) | undefined
  },
  listener: (event: RouteEvent) => void,
): NetlinkSubscription {
  return new NetlinkSubscription(NETLINK_ROUTE, {
    ...options,
    onMessage(message) {
      const event = decoders.get(message.type)?.(message.body)
      if (event) listener(event)
    },
    onOverrun: () => listener({ object: 'overrun' }),
  })
}

type EventDecoder = (body: Uint8Array) => RouteEvent | undefined

function decoder<V>(operation: Operation<V>, toEvent: (value: V) => RouteEvent | undefined): [number, EventDecoder] {
  return [operation.type, (body) => toEvent(operation.body.read(body))]
}

const decoders = new Map<number, EventDecoder>(
  (['added', 'deleted'] as const).flatMap((change) => {
    const key = change === 'added' ? 'reply' : 'delete'
    return [
      // Those of family AF_BRIDGE are about a link as a port: it has left its bridge, not the machine.
      decoder(linkOperations[key], (link) =>
        link.family === AF.UNSPEC ? { object: 'link', change, link } : undefined,
      ),
      decoder(addressOperations[key], (value) => {
        const address = decodeAddress(value)
        return address && { object: 'address', change, address }
      }),
      decoder(routeOperations[key], (value) => {
        const route = decodeRoute(value)
        return route && { object: 'route', change, route }
      }),
    ]
  }),
)
