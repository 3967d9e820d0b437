import { isNetlinkError, type NetlinkRequest, type NetlinkSocket, NLM_F } from '../netlink/index.ts'
import { request } from '../netlink/raw.ts'
import { connectionOperations } from './attributes.ts'
import { type Connection, connectionHeader, encodeConnection, encodeTuple } from './connection.ts'
import { type ConnectionFilter, filterMessages, isEmptyFilter } from './connection-filter.ts'
import { connectionsPassing, type Question, questionsFor } from './connection-search.ts'

/** A request for {@link addConnection}, to be sent together with others. */
export function addConnectionRequest(connection: Connection & { timeout: number }): NetlinkRequest {
  return request(connectionOperations.add, encodeConnection(connection), NLM_F.CREATE | NLM_F.EXCL)
}

/**
 * Makes the kernel know a connection before, or without, a packet of it. TCP wants a `tcpState`.
 *
 * @throws NetlinkError `EEXIST` when the kernel knows a connection with one of the two tuples
 */
export async function addConnection(
  socket: NetlinkSocket,
  connection: Connection & { timeout: number },
): Promise<void> {
  await socket.request(addConnectionRequest(connection))
}

/** How many connections are tracked; costs one small message, however many there are. */
async function countConnections(socket: NetlinkSocket): Promise<number> {
  const { statistics } = connectionOperations
  const { attributes } = await socket.get(
    request(statistics, { header: connectionHeader(undefined), attributes: {} }),
    statistics,
  )
  return attributes.entries ?? 0
}

/**
 * The tracked connections that pass a filter, all without one. The kernel picks them where it can, so that many others
 * cost little; it walks its whole table all the same, which takes it up to 10 ms.
 *
 * @throws NetlinkError when the kernel refuses
 */
export function listConnections(socket: NetlinkSocket, filter: ConnectionFilter = {}): Promise<Connection[]> {
  return ask(socket, filterMessages(filter), [filter])
}

async function ask(
  socket: NetlinkSocket,
  questions: readonly Question[],
  filters: readonly ConnectionFilter[],
): Promise<Connection[]> {
  const found: Connection[] = []
  for (const question of questions)
    for (const connection of await askOnce(socket, question, filters)) if (connection) found.push(connection)
  return found
}

/** Kernels pass over what they do not know of a question: the filters are compared here again. */
async function askOnce(socket: NetlinkSocket, question: Question, filters: readonly ConnectionFilter[]) {
  const { get } = connectionOperations
  const passing = connectionsPassing(filters)
  try {
    return await socket.list(request(get, question), passing)
  } catch (error) {
    if (!question.attributes.filter || !isNetlinkError(error, 'EINVAL', 'EOPNOTSUPP', 'ERANGE')) throw error
    return socket.list(request(get, { header: question.header }), passing)
  }
}

/**
 * Forgets the tracked connections that pass a filter, or any of several: the next packet of each is treated as a first one.
 * One that ends meanwhile is not counted. Several filters cost one walk through the kernel's table an IP version; only in a
 * table of tens of thousands of connections few filters cost a walk each, where that is quicker.
 *
 * @returns how many were deleted
 * @throws TypeError for an empty filter, which would delete all connections of the machine
 * @throws NetlinkError when the kernel refuses
 */
export async function deleteConnections(
  socket: NetlinkSocket,
  filter: ConnectionFilter | readonly ConnectionFilter[],
): Promise<number> {
  const filters = [filter].flat()
  if (filters.some(isEmptyFilter)) throw new TypeError('Cannot delete connections: the filter is empty')
  if (filters.length === 0) return 0
  const questions = questionsFor(filters, await countConnections(socket))
  let deleted = 0
  for (const connection of await ask(socket, questions, filters))
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
