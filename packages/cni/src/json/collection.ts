import { absent, type Codec, codec, nameOf, type Place } from './codec.ts'
import { placeOfNumber } from './literal.ts'
import { isJsonObject, JsonError, type JsonObject } from './value.ts'

/**
 * A list. `null` among the members is the type's zero value, as in Go; members without one (objects, addresses)
 * may not be `null`: Go would hand a nil pointer on to crash later.
 *
 * @param goType what Go calls the list, where that is not `[]` and the members' own name: `[]*types.Route`.
 */
export function array<T>(member: Codec<T>, goType = `[]${member.goType}`): Codec<T[]> {
  return codec({
    goType,
    nothing: () => [],
    read(json, place) {
      if (!Array.isArray(json)) return absent(json, place, goType)
      const values: T[] = []
      for (const value of json) {
        const spelled = typeof value === 'number' ? placeOfNumber(place, json, values.length) : place
        values.push(member.read(value, spelled) ?? zeroOf(member, place, `element ${values.length}`))
      }
      return values
    },
  })
}

/** An object whose keys are data, matched and kept as they are written. `null` as in {@link array}. */
export function map<T>(member: Codec<T>): Codec<Record<string, T>> {
  const goType = `map[string]${member.goType}`
  const values = codec({
    goType,
    nothing: () => ({}),
    read: (json, place) => (isJsonObject(json) ? readMembers(member, json, place) : absent(json, place, goType)),
  })
  return { ...values, isMerged: true }
}

function readMembers<T>(member: Codec<T>, json: JsonObject, place: Place): Record<string, T> {
  // Unlike assignment, copying takes `__proto__` for a key like any other; each value is then replaced by what it says.
  const values: Record<string, unknown> = { ...json }
  for (const [at, value] of Object.entries(json)) {
    const spelled = typeof value === 'number' ? placeOfNumber(place, json, at) : place
    const said = member.read(value, spelled) ?? zeroOf(member, place, `"${at}"`)
    if (said !== value) values[at] = said
  }
  return values as Record<string, T>
}

function zeroOf<T>(member: Codec<T>, place: Place, what: string): T {
  if (member.zero !== undefined) return member.zero
  throw new JsonError(`Cannot decode ${nameOf(place)}: ${what} is null`)
}
