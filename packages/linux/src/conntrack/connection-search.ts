import type { Operation } from '../netlink/index.ts'
import { attr, be16, message, operation, partialAttributes } from '../netlink/raw.ts'
import { nfgenmsg } from '../nfnetlink/index.ts'
import { type ConnectionMessage, connectionMessage, connectionOperations } from './attributes.ts'
import { type Connection, decodeConnection } from './connection.ts'
import { type ConnectionFilter, familiesOf, filterMessages, matchesFilter } from './connection-filter.ts'

/** A question to the kernel for connections. */
export type Question = ConnectionMessage

/**
 * How many more connections to receive take about as long as one more walk of the kernel through its table. With 100,000
 * connections in 262,144 buckets a walk takes 40 ms, and to receive all of them 0.4 s in Node and 6 s in an interpreter
 * without a compiler: 10,000 and 700 a walk.
 */
const CONNECTIONS_PER_QUESTION = 2500

/**
 * What to ask for the connections that pass any of these filters: one question an IP version, by what the filters have in
 * common. In a large table, few filters are asked for one by one: each walk through it costs less than to read connections
 * that pass none.
 *
 * @param entries how many connections the table has
 */
export function questionsFor(filters: readonly ConnectionFilter[], entries: number): Question[] {
  if (entries === 0) return []
  const separate = filters.length <= entries / CONNECTIONS_PER_QUESTION
  return (separate ? filters : sharedFilters(filters)).flatMap(filterMessages)
}

function sharedFilters(filters: readonly ConnectionFilter[]): ConnectionFilter[] {
  return ([4, 6] as const).flatMap((family) => {
    const ofFamily = filters.filter((filter) => familiesOf(filter).includes(family))
    return ofFamily.length > 0 ? [{ ...sharedFilter(ofFamily), family }] : []
  })
}

/** The fields in which all filters are equal. */
function sharedFilter([first = {}, ...others]: readonly ConnectionFilter[]): ConnectionFilter {
  const texts = others.map((filter) => new Map(Object.entries(filter).map(([name, value]) => [name, String(value)])))
  const isShared = ([name, value]: [string, unknown]) => texts.every((each) => each.get(name) === String(value))
  return Object.fromEntries(Object.entries(first).filter(isShared))
}

/** The part of a message by which most connections can be left out without reading the rest. */
const portMessage = message(
  nfgenmsg,
  partialAttributes('CTA', {
    tupleOrig: attr(
      1,
      partialAttributes('CTA_TUPLE', { proto: attr(2, partialAttributes('CTA_PROTO', { dstPort: attr(3, be16) })) }),
    ),
  }),
)

/** How to read the answers to questions: only the connections that pass a filter, and nothing of the others. */
export function connectionsPassing(filters: readonly ConnectionFilter[]): Operation<Connection | undefined> {
  const byPort = byDestinationPort(filters)
  const anyPort = byPort.get(undefined) ?? []
  const { name, type } = connectionOperations.reply
  return operation<Connection | undefined, never>(name, type, {
    write: connectionMessage.write,
    read(body) {
      const port = portMessage.read(body).attributes.tupleOrig?.proto?.dstPort
      const possible = port === undefined ? anyPort : [...(byPort.get(port) ?? []), ...anyPort]
      if (possible.length === 0) return undefined
      const connection = decodeConnection(connectionMessage.read(body))
      return connection && possible.some((filter) => matchesFilter(connection, filter)) ? connection : undefined
    },
  })
}

function byDestinationPort(filters: readonly ConnectionFilter[]): Map<number | undefined, ConnectionFilter[]> {
  const groups = new Map<number | undefined, ConnectionFilter[]>()
  for (const filter of filters) {
    const group = groups.get(filter.originalDestinationPort) ?? []
    group.push(filter)
    groups.set(filter.originalDestinationPort, group)
  }
  return groups
}
