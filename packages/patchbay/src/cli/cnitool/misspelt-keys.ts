import type { NetworkList } from '@patchbay/cni/config'
import { isJsonObject, type JsonObject } from '@patchbay/cni/json'
import { findPlugin } from '@patchbay/plugins'

type Table = Readonly<Record<string, unknown>>

/** Shorter keys are near to too many others. */
const SHORTEST = 4

/**
 * What to warn of: keys that a plugin of ours does not know and that are nearly one that it knows. Plugins pass over keys that
 * they do not know, in silence. Keys of other plugins, and keys that are like none, give no warning.
 */
export async function misspeltKeys(list: NetworkList): Promise<string[]> {
  const warnings: string[] = []
  for (const { type, json } of list.plugins) {
    const table = await tableOf(type)
    if (table) warnings.push(...misspelt(json, { table, type, prefix: '' }))
    const ipam = json['ipam']
    if (!isJsonObject(ipam) || typeof ipam['type'] !== 'string') continue
    const keys = within((await tableOf(ipam['type']))?.['ipam'])
    if (keys) warnings.push(...misspelt(ipam, { table: keys, type: ipam['type'], prefix: 'ipam.' }))
  }
  return warnings
}

async function tableOf(type: string): Promise<Table | undefined> {
  return findPlugin(type)?.configTable?.()
}

/** The table of an object's codec. */
function within(codec: unknown): Table | undefined {
  if (typeof codec !== 'object' || codec === null || !('table' in codec)) return undefined
  return typeof codec.table === 'object' && codec.table !== null ? { ...codec.table } : undefined
}

function misspelt(json: Readonly<JsonObject>, { table, type, prefix }: { table: Table; type: string; prefix: string }) {
  const known = Object.keys(table)
  const knownInAnyCase = new Set(known.map(lower))
  const given = new Set(Object.keys(json).map(lower))
  return Object.keys(json).flatMap((key) => {
    if (knownInAnyCase.has(lower(key))) return []
    const meant = known.find((each) => !given.has(lower(each)) && isNear(plain(key), plain(each)))
    if (meant === undefined) return []
    return [
      `Cannot use key "${prefix}${key}": plugin "${type}" does not know it and passes it over; write "${prefix}${meant}"`,
    ]
  })
}

function lower(text: string): string {
  return text.toLowerCase()
}

/** Without case and separators. */
function plain(text: string): string {
  return lower(text).replace(/[-_ ]/g, '')
}

/** Whether one is made of the other by a change, or two in a longer one: a letter more, less or other, or two that change places. */
function isNear(a: string, b: string): boolean {
  if (Math.min(a.length, b.length) < SHORTEST) return false
  return distance(a, b) <= (b.length < 2 * SHORTEST ? 1 : 2)
}

/** How many letters are more, less or other, or have changed places. */
function distance(a: string, b: string): number {
  let [before, row]: [number[], number[]] = [[], Array.from({ length: b.length + 1 }, (_, at) => at)]
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const changed = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      const swapped =
        i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1] ? (before[j - 2] ?? 0) + 1 : changed
      next.push(Math.min(changed, swapped, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1))
    }
    before = row
    row = next
  }
  return row[b.length] ?? 0
}
