import { JsonError, type JsonValue, object, orZero, quote, string } from '../json/index.ts'

/** Every released version of the protocol, oldest first. */
export const allVersions = ['0.1.0', '0.2.0', '0.3.0', '0.3.1', '0.4.0', '1.0.0', '1.1.0'] as const

/** The newest version of the protocol. */
export const currentVersion = '1.1.0'

/** What a configuration or result without a version is written in. */
export const firstVersion = '0.1.0'

const releases: readonly string[] = allVersions

const partNames = ['major', 'minor', 'micro'] as const

/**
 * Reads one to three whole numbers with dots between them; missing ones are 0, no text at all is 0.1.0. There are no
 * pre-releases.
 *
 * @throws {SyntaxError} `invalid version "1.0.0.0": too many parts`, or
 *   `failed to convert minor version part "x": strconv.Atoi: parsing "x": invalid syntax`
 */
export function parseVersion(text: string): [major: number, minor: number, micro: number] {
  const parts = (text === '' ? firstVersion : text).split('.')
  if (parts.length > partNames.length) throw new SyntaxError(`invalid version ${quote(text)}: too many parts`)
  const [major = 0, minor = 0, micro = 0] = parts.map((part, at) => parsePart(part, partNames[at] ?? ''))
  return [major, minor, micro]
}

/** Whether `version` is `than` or newer, by numbers. Throws what {@link parseVersion} throws. */
export function isAtLeast(version: string, than: string): boolean {
  const [known, knownThan] = [releases.indexOf(version), releases.indexOf(than)]
  if (known !== -1 && knownThan !== -1) return known >= knownThan
  const [major, minor, micro] = parseVersion(version)
  const [thanMajor, thanMinor, thanMicro] = parseVersion(than)
  return (major - thanMajor || minor - thanMinor || micro - thanMicro) >= 0
}

const mostOfInt64 = 2n ** 63n - 1n

const versionOnly = object('struct { CNIVersion string "json:\\"cniVersion\\"" }', { cniVersion: orZero(string) })

/**
 * Returns the `cniVersion` of a configuration or a result; 0.1.0 when it has none.
 *
 * @throws {JsonError} `decoding version from network config: json: cannot unmarshal number into ...`
 */
export function decodeVersion(json: JsonValue): string {
  try {
    return versionOnly.decode(json).cniVersion || firstVersion
  } catch (error) {
    if (!(error instanceof Error)) throw error
    throw new JsonError(`decoding version from network config: ${error.message}`, { cause: error })
  }
}

/** A sign is accepted, as by Go's Atoi: there is a test plugin in the world that speaks `0.-42.0`. */
function parsePart(text: string, name: string): number {
  const isNumber = /^[+-]?[0-9]+$/.test(text)
  const value = isNumber ? BigInt(text.replace('+', '')) : 0n
  if (isNumber && value <= mostOfInt64 && value >= -mostOfInt64 - 1n) return Number(value)
  const reason = isNumber ? 'value out of range' : 'invalid syntax'
  const quoted = quote(text)
  throw new SyntaxError(`failed to convert ${name} version part ${quoted}: strconv.Atoi: parsing ${quoted}: ${reason}`)
}
