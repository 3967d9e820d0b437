/** `node:util`: as much as the plugins use. */

/** Whether two values of JSON, byte arrays or `bigint`s among them, say the same. */
export function isDeepStrictEqual(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true
  if (!isObject(a) || !isObject(b) || Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) return false
  if (a instanceof Map || a instanceof Set) throw new TypeError('Cannot compare maps and sets')
  const [own, other] = [Object.keys(a), Object.keys(b)]
  return own.length === other.length && own.every((key) => Object.hasOwn(b, key) && isDeepStrictEqual(a[key], b[key]))
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}
