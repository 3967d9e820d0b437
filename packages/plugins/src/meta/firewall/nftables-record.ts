import { type IP, tryParseIP } from '@patchbay/address'
import type { Attachment } from '../../request/attachment.ts'
import {
  elementsOf,
  ownedBy,
  ownerOf,
  type Place,
  type RecordClaim,
  recordClaim,
  withFollowers,
} from '../../rules/ruleset/index.ts'
import {
  addressSets,
  bridgedPorts,
  bridgeObject,
  bridgeOfObject,
  escapeName,
  isolatedPorts,
  records,
  type Subject,
  unescapeName,
} from './nftables-layout.ts'

/** What a record names. */
export interface Owned {
  readonly addresses: readonly IP[]
  /** In `isolatedPorts`. */
  readonly isolated: readonly string[]
  /** In `bridgedPorts`. */
  readonly bridged: readonly string[]
  /** The bridge whose policy all of it has. */
  readonly bridge: string | undefined
}

/** The record of an attachment, `undefined` when it is to have nothing. */
export function recordOf(attachment: Attachment, subject: Subject): RecordClaim | undefined {
  const words = wordsFor(subject)
  if (words.length === 0) return undefined
  const placesOf = (former: readonly string[], all: readonly string[]) =>
    ownedPlaces({ ...ownedIn(former), bridge: ownedIn(all).bridge })
  return recordClaim(records, ownerOf(attachment), { words, isOurs: ownedBy(attachment), placesOf })
}

const ISOLATED = 'isolated '
const BRIDGED = 'bridged '

function wordsFor({ addresses, policy }: Subject): string[] {
  const hosts = addresses.map(({ address }) => String(address))
  if (!policy) return hosts
  const ports = policy.ports.map(escapeName)
  const isolated = policy.isolated ? ports.map((port) => `${ISOLATED}${port}`) : []
  const bridged = hosts.length === 0 ? ports.map((port) => `${BRIDGED}${port}`) : []
  const all = [...hosts, ...isolated, ...bridged]
  return all.length === 0 ? [] : [...all, bridgeObject(policy.bridge).name]
}

export function ownedIn(words: readonly string[]): Owned {
  const after = (prefix: string) =>
    words.filter((word) => word.startsWith(prefix)).map((word) => unescapeName(word.slice(prefix.length)))
  return {
    addresses: words.map(tryParseIP).filter((address) => address !== undefined),
    isolated: after(ISOLATED),
    bridged: after(BRIDGED),
    bridge: words.map(bridgeOfObject).find((bridge) => bridge !== undefined),
  }
}

/** Whether a record names all that there is: each of its words is one of ours. */
export function isReadable(words: readonly string[]): boolean {
  return words.every(
    (word) =>
      [ISOLATED, BRIDGED].some((prefix) => word.startsWith(prefix)) ||
      tryParseIP(word) !== undefined ||
      bridgeOfObject(word) !== undefined,
  )
}

/** Where it is. An address that has changed hands has done so in both of its places. */
export function ownedPlaces({ addresses, isolated, bridged, bridge }: Owned): Place[] {
  const byAddress = addressSets.flatMap((sets) =>
    addresses
      .filter(({ family }) => family === sets.version)
      .map((key) => {
        const forwarded = elementsOf(sets.forwarded, [{ key }])
        return bridge === undefined ? forwarded : withFollowers(forwarded, sets.bridged, [{ key }])
      }),
  )
  const keys = (ports: readonly string[]) => ports.map((key) => ({ key }))
  return [...byAddress, elementsOf(isolatedPorts, keys(isolated)), elementsOf(bridgedPorts, keys(bridged))]
}
