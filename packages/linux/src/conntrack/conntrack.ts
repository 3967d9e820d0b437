import { isNetlinkError, type NetlinkSocket, NLM_F, type Request, request, type Value } from '../netlink/index.ts'
import { type connectionMessage, connectionOperations } from './attributes.ts'
import { type Connection, connectionHeader, decodeConnection, encodeConnection, encodeTuple } from './connection.ts'
import { type ConnectionFilter, filterMessages, isEmptyFilter, matchesFilter } from './connection-filter.ts'

/** A request for {@link addConnection}, to be sent together with others. */
export function addConnectionRequest(connection: Connection & { timeout: number }): Request {
  return request(connectionOperations.add, encodeConnection(connection), NLM_F.CREATE | NLM_F.EXCL)
}

/**
 * Makes the kernel know a connection before, or without, a packet of it. TCP wants a `tcpState`.
 *
 * @throws NetlinkError `EEXIST` when it knows one with either tuple
 */
export async function addConnection(
  socket: NetlinkSocket,
  connection: Connection & { timeout: number },
): Promise<void> {
  await socket.request(addConnectionRequest(connection))
}

/**
 * The tracked connections that pass a filter, all without one. The kernel picks them where it can, so that many others
 * cost little; it walks its whole table all the same, which takes it up to 10 ms.
 *
 * @throws NetlinkError
 */
export async function listConnections(socket: NetlinkSocket, filter: ConnectionFilter = {}): Promise<Connection[]> {
  const found: Connection[] = []
  for (const wanted of filterMessages(filter)) {
    for (const message of await dump(socket, wanted)) {
      const connection = decodeConnection(message)
      // Kernels pass over what they do not know of a filter.
      if (connection && matchesFilter(connection, filter)) found.push(connection)
    }
  }
  return found
}

type Message = Value<typeof connectionMessage>

async function dump(socket: NetlinkSocket, wanted: Message): Promise<Message[]> {
  const { get, reply } = connectionOperations
  try {
    return await socket.dump(request(get, wanted), reply)
  } catch (error) {
    if (!wanted.attributes.filter || !isNetlinkError(error, 'EINVAL', 'EOPNOTSUPP', 'ERANGE')) throw error
    return socket.dump(request(get, { header: wanted.header }), reply)
  }
}

/**
 * Forgets the tracked connections that pass a filter: the next packet of each is treated as a first one. One that ends
 * meanwhile is not counted.
 *
 * @returns how many were deleted
 * @throws TypeError when the filter asks for nothing, because that would be all connections of the machine
 * @throws NetlinkError
 */
export async function deleteConnections(socket: NetlinkSocket, filter: ConnectionFilter): Promise<number> {
  if (isEmptyFilter(filter)) throw new TypeError('Cannot delete connections: the filter is empty')
  let deleted = 0
  for (const connection of await listConnections(socket, filter))
    if (await deleteConnection(socket, connection)) deleted++
  return deleted
}

async function deleteConnection(socket: NetlinkSocket, { family, original, zone, id }: Connection): Promise<boolean> {
  const attributes = { tupleOrig: encodeTuple(original), zone, id }
  try {
    await socket.request(request(connectionOperations.delete, { header: connectionHeader(family), attributes }))
    return true
  } catch (error) {
    if (isNetlinkError(error, 'ENOENT')) return false
    throw error
  }
}
