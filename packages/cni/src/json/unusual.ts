import { hasRepeatedKeys } from './earlier.ts'
import { spellings } from './literal.ts'
import type { JsonValue } from './value.ts'

/**
 * Whether there is more to a value than plain data shows: the spelling of a number, a repeated key. Long members that are
 * read later are not looked at.
 */
export function isUnusual(json: JsonValue): boolean {
  const left = [json]
  for (let value = left.pop(); value !== undefined; value = left.pop()) {
    if (typeof value !== 'object' || value === null) continue
    if (spellings.of(value) !== undefined || hasRepeatedKeys(value)) return true
    for (const member of membersOf(value)) left.push(member)
  }
  return false
}

function membersOf(value: JsonValue & object): readonly JsonValue[] {
  if (Array.isArray(value)) return value
  const members = Object.values(Object.getOwnPropertyDescriptors(value))
  return members.flatMap(({ value: member }) => (member === undefined ? [] : [member]))
}
