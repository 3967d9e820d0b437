import { createHash } from 'node:crypto'
import { isJsonObject, type JsonObject, type JsonValue, parseJson } from '@patchbay/cni/json'

/** The container id that goes with a namespace: `cnitool-` and twenty hexadecimal digits of its path's SHA-512. */
export function containerIdOf(netns: string): string {
  return `cnitool-${createHash('sha512').update(netns).digest('hex').slice(0, 20)}`
}

/**
 * The pairs of `CNI_ARGS`. Neither the key nor the value may be empty.
 *
 * @throws Error `invalid CNI_ARGS pair "x"`
 */
export function pairsOf(text: string): [key: string, value: string][] {
  if (text === '') return []
  return text.split(';').map((pair) => {
    const [key, value, ...more] = pair.split('=')
    if (!key || !value || more.length > 0) throw new Error(`invalid CNI_ARGS pair ${JSON.stringify(pair)}`)
    return [key, value]
  })
}

/**
 * The object of `CAP_ARGS`.
 *
 * @throws Error when it is not a JSON object
 */
export function capabilityArgs(text: string): JsonObject {
  if (text === '') return {}
  const json = parse(text)
  if (!isJsonObject(json)) throw new Error('Cannot read CAP_ARGS: not a JSON object')
  return json
}

function parse(text: string): JsonValue {
  try {
    return parseJson(text)
  } catch (cause) {
    throw new Error(`Cannot read CAP_ARGS: ${cause instanceof Error ? cause.message : cause}`, { cause })
  }
}
