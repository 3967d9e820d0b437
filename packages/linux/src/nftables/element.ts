import type { NetlinkRequest } from '../netlink/index.ts'
import {
  attr,
  attributes,
  be32,
  be64,
  binary,
  type FlatMessageCodec,
  flatMessage,
  request,
  string,
  type Value,
} from '../netlink/raw.ts'
import { type Nfgenmsg, nfgenmsg } from '../nfnetlink/index.ts'
import { dataAttributes } from './data.ts'
import { type StatefulExpression, statefulExpression } from './expressions/index.ts'
import { joinIntervals, next } from './interval.ts'
import { isConcatenation, type KeyType, type KeyValue, keyBytes, readKey } from './key-type.ts'
import { isObjectKind, type ObjectKind } from './object.ts'
import { describedRequest, operationsOn, type Put, putFlags, type Removal } from './operations.ts'
import type { MapData, NamedSet } from './set.ts'
import { describeMember, inTable, type TableMember } from './table-member.ts'
import { commentOf, writeComment, writeUserData } from './user-data.ts'
import type { Verdict } from './verdict.ts'
import { elements } from './wire.ts'

/** Attributes of an element, `<linux/netfilter/nf_tables.h> NFTA_SET_ELEM_*`. */
export class ElementAttributes {
  readonly key = attr(1, dataAttributes)
  readonly keyEnd = attr(10, dataAttributes)
  readonly data = attr(2, dataAttributes)
  readonly expr = attr(7, statefulExpression)
  readonly expressions = attr(11, elements(statefulExpression))
  readonly objref = attr(9, string)
  readonly flags = attr(3, be32)
  readonly timeout = attr(4, be64)
  readonly expiration = attr(5, be64)
  readonly userdata = attr(6, binary)
}

/** The codec of {@link ElementAttributes}. */
export const elementAttributes = attributes('NFTA_SET_ELEM', new ElementAttributes())
export type RawElement = Value<typeof elementAttributes>

/**
 * Attributes of a list of elements, `<linux/netfilter/nf_tables.h> NFTA_SET_ELEM_LIST_*`. An object literal, because the
 * engine of the one-shot plugins takes a property `set` of a class for a setter.
 */
export const elementListAttributes = attributes('NFTA_SET_ELEM_LIST', {
  table: attr(1, string),
  set: attr(2, string),
  setId: attr(4, be32),
  elements: attr(3, elements(elementAttributes)),
})

/** Body of `NFT_MSG_*SETELEM`. */
export const elementMessage: FlatMessageCodec<ElementMessage> = flatMessage(nfgenmsg, elementListAttributes)

/** The values of {@link elementMessage}. */
export interface ElementMessage extends Partial<Nfgenmsg>, Value<typeof elementListAttributes> {}

export const elementOperations = operationsOn<ElementMessage>('SETELEM', elementMessage, { first: 12, destroy: 30 })

/** `<linux/netfilter/nf_tables.h> NFT_SET_ELEM_*`: flags of an element. */
export const NFT_SET_ELEM = { INTERVAL_END: 1, CATCHALL: 2 } as const

/** The value that a map has for a key; of an object, its name. */
export type MapValue<D> = D extends 'verdict'
  ? Verdict
  : D extends ObjectKind
    ? string
    : D extends KeyType
      ? KeyValue<D>
      : undefined

/** Which element. */
export interface ElementKey<K extends KeyType> {
  key: KeyValue<K>
  /** The last key of a range, in sets of ranges. */
  end?: KeyValue<K> | undefined
}

/** An element of a set or map. */
export interface SetElement<K extends KeyType, D> extends ElementKey<K> {
  comment?: string | undefined
  /** How long it stays, in milliseconds. */
  timeoutMs?: number | undefined
  /** How long it will stay from now, in milliseconds. */
  expiresMs?: number | undefined
  /** Its counters, quotas and limits. */
  expressions?: StatefulExpression[] | undefined
  /** What a map has for the key. */
  data: MapValue<D>
}

/** What to add: `data` is left out for a set. */
export type NewElement<K extends KeyType, D> = Omit<SetElement<K, D>, 'data'> &
  (D extends undefined ? { data?: undefined } : { data: MapValue<D> })

/** So many elements fit into one message whatever they are: an attribute ends at 64 KiB. */
const ELEMENTS_PER_MESSAGE = 64

type AnyElement = ElementKey<KeyType> & Partial<SetElement<KeyType, MapData>>

/** Requests that put elements into a set. A map refuses a key that has other data: `EEXIST`. */
export function putElementRequests<K extends KeyType, D extends MapData | undefined>(
  set: NamedSet<K, D>,
  all: readonly NewElement<K, D>[],
  put: Put,
): NetlinkRequest[] {
  // The value types have been checked against those of this very set; what follows goes by them.
  return inMessages(set, all as readonly AnyElement[], (value) =>
    describedRequest(describeMember('element', set), elementOperations.new, value, putFlags[put]),
  )
}

/** Requests that take elements out of a set. */
export function removeElementRequests<K extends KeyType, D extends MapData | undefined>(
  set: NamedSet<K, D>,
  keys: readonly ElementKey<K>[],
  removal: Removal,
): NetlinkRequest[] {
  const bare = keys.map(({ key, end }) => ({ key, end }))
  return inMessages(set, bare as readonly AnyElement[], (value) =>
    describedRequest(describeMember('element', set), elementOperations[removal], value),
  )
}

/** Removes all elements of a set. */
export function removeAllElementsRequest(set: TableMember): NetlinkRequest {
  const value = { ...inTable(set.table), set: set.name }
  return describedRequest(describeMember('set', set), elementOperations.delete, value)
}

function inMessages(
  set: NamedSet,
  all: readonly AnyElement[],
  toRequest: (value: ElementMessage) => NetlinkRequest,
): NetlinkRequest[] {
  const raw = all.flatMap((element) => encodeElement(set, element))
  const requests: NetlinkRequest[] = []
  for (let start = 0; start < raw.length; start += ELEMENTS_PER_MESSAGE) {
    const some = raw.slice(start, start + ELEMENTS_PER_MESSAGE)
    requests.push(toRequest({ ...inTable(set.table), set: set.name, elements: some }))
  }
  return requests
}

/** For one element. */
export function getElementRequest<K extends KeyType, D extends MapData | undefined>(
  set: NamedSet<K, D>,
  { key, end }: ElementKey<K>,
): NetlinkRequest {
  const value = { ...inTable(set.table), set: set.name, elements: encodeElement(set, { key, end } as AnyElement) }
  return describedRequest(describeMember('element', set), elementOperations.get, value)
}

/** For a dump of the elements of a set. */
export function listElementsRequest(set: TableMember): NetlinkRequest {
  return request(elementOperations.get, { ...inTable(set.table), set: set.name })
}

/** The elements that stand for one: a range takes two, of which the second is the first key behind it. */
function encodeElement(set: NamedSet, element: AnyElement): RawElement[] {
  const { key, data, timeoutMs, expiresMs, expressions } = element
  const { end = key } = element
  const value = keyBytes(set.key, key)
  const raw: RawElement = { key: { value }, ...(data !== undefined && encodeData(set, data)) }
  if (timeoutMs !== undefined) raw.timeout = BigInt(timeoutMs)
  if (expiresMs !== undefined) raw.expiration = BigInt(expiresMs)
  if (expressions !== undefined) raw.expressions = expressions
  const concatenated = isConcatenation(set.key)
  if (set.interval && concatenated) raw.keyEnd = { value: keyBytes(set.key, end) }
  const after = set.interval && !concatenated ? next(keyBytes(set.key, end)) : undefined
  const open = set.interval && !concatenated && after === undefined
  const userdata = userDataOf(element.comment, open ?? false)
  if (userdata) raw.userdata = userdata
  return after ? [raw, { key: { value: after }, flags: NFT_SET_ELEM.INTERVAL_END }] : [raw]
}

function encodeData({ data: type }: NamedSet, data: unknown): RawElement {
  if (type === undefined) return {}
  if (type === 'verdict') return { data: { verdict: data as Verdict } }
  if (isObjectKind(type)) return { objref: data as string }
  return { data: { value: keyBytes(type, data as KeyValue<KeyType>) } }
}

/** As `nft` numbers the parts: the comment, and a flag of ranges that nothing is behind. */
function userDataOf(comment: string | undefined, open: boolean): Uint8Array | undefined {
  const parts: [number, Uint8Array][] = []
  if (comment !== undefined) parts.push([0, writeComment(comment)])
  if (open) parts.push([1, new Uint8Array(new Uint32Array([1]).buffer)])
  return parts.length === 0 ? undefined : writeUserData(parts)
}

/** The elements of a set from what the kernel lists of it. The catch-all element is none of them. */
export function decodeElements<K extends KeyType, D extends MapData | undefined>(
  set: NamedSet<K, D>,
  raw: readonly RawElement[],
): SetElement<K, D>[] {
  const single = set.interval === true && !isConcatenation(set.key)
  const all = raw.filter(({ key, flags = 0 }) => key?.value && !(flags & NFT_SET_ELEM.CATCHALL))
  return (single ? joinIntervals(all) : all).map((element) => decodeElement(set, element))
}

/** Whether two elements are the same; the beginning of a range and the end of another may have one key. */
export function hasDuplicates(raw: readonly RawElement[]): boolean {
  const keys = raw.map(({ key, flags }) => `${String.fromCharCode(...(key?.value ?? []))} ${flags}`)
  return new Set(keys).size < keys.length
}

function decodeElement<K extends KeyType, D extends MapData | undefined>(
  set: NamedSet<K, D>,
  raw: RawElement,
): SetElement<K, D> {
  const { key, keyEnd, timeout, expiration, userdata, expr, expressions = expr && [expr] } = raw
  const value = key?.value ?? new Uint8Array()
  const element: SetElement<K, D> = { key: readKey(set.key, value), data: decodeData(set, raw) }
  if (keyEnd?.value && !equal(keyEnd.value, value)) element.end = readKey(set.key, keyEnd.value)
  const comment = commentOf(userdata)
  if (comment !== undefined) element.comment = comment
  if (timeout !== undefined) element.timeoutMs = Number(timeout)
  if (expiration !== undefined) element.expiresMs = Number(expiration)
  if (expressions !== undefined) element.expressions = expressions
  return element
}

function decodeData<D extends MapData | undefined>(
  { data: type }: NamedSet<KeyType, D>,
  { data, objref }: RawElement,
): MapValue<D> {
  // The type of the set says what this is.
  if (isObjectKind(type)) return objref as MapValue<D>
  if (type === undefined || data === undefined) return undefined as MapValue<D>
  if (type === 'verdict') return data.verdict as MapValue<D>
  return readKey(type, data.value ?? new Uint8Array()) as MapValue<D>
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index])
}
