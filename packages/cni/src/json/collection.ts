import { type Codec, codec, kindOf, mismatch, nameOf, type Place, readMember } from './codec.ts'
import { isJsonObject, JsonError } from './value.ts'

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
      if (!Array.isArray(json)) throw mismatch(kindOf(json), place, goType)
      return json.map(
        (value, at) =>
          readMember(member, value, { container: json, at, place }) ?? zeroOf(member, place, `element ${at}`),
      )
    },
  })
}

/** An object whose keys are data, matched and kept as they are written. `null` as in {@link array}. */
export function map<T>(member: Codec<T>): Codec<Record<string, T>> {
  const goType = `map[string]${member.goType}`
  return codec({
    goType,
    nothing: () => ({}),
    read(json, place) {
      if (!isJsonObject(json)) throw mismatch(kindOf(json), place, goType)
      // Unlike assignment, fromEntries takes `__proto__` for a key like any other.
      return Object.fromEntries(
        Object.entries(json).map(([at, value]) => [
          at,
          readMember(member, value, { container: json, at, place }) ?? zeroOf(member, place, `"${at}"`),
        ]),
      )
    },
  })
}

function zeroOf<T>(member: Codec<T>, place: Place, what: string): T {
  if (member.zero !== undefined) return member.zero
  throw new JsonError(`Cannot decode ${nameOf(place)}: ${what} is null`)
}
