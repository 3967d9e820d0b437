import {
  formatJson,
  isJsonObject,
  JsonError,
  type JsonObject,
  type JsonValue,
  map,
  parseJson,
  quote,
  raw,
} from '../json/index.ts'
import { asResult02, asResult04, asResult10, type ShapedResult, withoutEmpty } from './convert-result.ts'
import { copyWithoutEmpty } from './copy-result.ts'
import type { Result } from './result.ts'
import { result02, result04, result10 } from './result-tables.ts'
import { result02ToJson, result04ToJson, result10ToJson } from './result-to-json.ts'
import { currentVersion, decodeVersion, firstVersion } from './version.ts'

/** What sets one shape of results apart from the others. */
interface Shape {
  /** The versions that have it. */
  readonly versions: readonly string[]
  /** Whether it is the one that results have in memory. */
  readonly newest?: true
  readonly read: (json: JsonValue) => ShapedResult
  readonly write: (from: ShapedResult, version: string) => JsonObject
}

const shapes: readonly Shape[] = [
  {
    versions: ['', '0.1.0', '0.2.0'],
    read: (json) => ({ shape: '0.2', result: result02.decode(json) }),
    write: (from, version) => result02ToJson(asResult02(from), version),
  },
  {
    versions: ['0.3.0', '0.3.1', '0.4.0'],
    read: (json) => ({ shape: '0.4', result: result04.decode(json) }),
    write: (from, version) => result04ToJson(asResult04(from), version),
  },
  {
    versions: ['1.0.0', '1.1.0'],
    newest: true,
    read: (json) => ({ shape: '1.0', result: result10.decode(json) }),
    write: (from, version) => result10ToJson(asResult10(from), version),
  },
]

const shapeOfVersion = new Map(shapes.flatMap((shape) => shape.versions.map((version) => [version, shape])))

export interface ParseResultOptions {
  /** The version whose shape the result must have; the one that it states itself when absent. */
  version?: string | undefined
}

/**
 * Reads a result of any version into the newest shape. Its `cniVersion` stays the one it came in. Keys match in any
 * case, unknown ones are dropped.
 *
 * @throws {TypeError} `unsupported CNI result version "x"`, or, when the result states a version of another shape,
 *   `result type supports [1.0.0 1.1.0] but unmarshalled CNIVersion is "0.4.0"`
 * @throws {SyntaxError} for a value that does not fit: JsonError, `invalid CIDR address: x`
 */
export function parseResult(json: JsonValue, { version = decodeVersion(json) }: ParseResultOptions = {}): Result {
  return asResult10(readShaped(json, version))
}

/**
 * Returns a result as `version` (0.1.0 when empty) has it, keys in the reference's order. What that version has no
 * room for is left out.
 *
 * @throws {TypeError} `no converter for CNI result version 1.1.0 to x`; to 0.1.0 and 0.2.0 also
 *   `cannot convert: no valid IP addresses`, unless the result comes from there and is empty
 */
export function resultToJson(result: Result, version: string): JsonObject {
  return writeShaped({ shape: '1.0', result }, version, currentVersion)
}

/** Returns what a plugin prints: {@link resultToJson}, indented by four spaces, no line break at the end. */
export function formatResult(result: Result, version: string): string {
  return formatJson(resultToJson(result, version), { indent: 4 })
}

/**
 * Returns a result as {@link parseResult} reads what {@link formatResult} prints: as `version` can tell it, without empty
 * values. The result itself is left as it is. Throws what {@link resultToJson} throws.
 */
export function resultAs(result: Result, version: string): Result {
  const cniVersion = version || firstVersion
  if (shapeOfVersion.get(cniVersion)?.newest) return copyWithoutEmpty(result, cniVersion)
  return parsePrintedResult({ ...resultToJson(result, version), cniVersion })
}

/**
 * Turns a result written as `from` has it into one as `to` has it, without a detour: within one shape everything
 * known is kept, such as an `ips[].version` that contradicts its address. Unknown keys are dropped even when the
 * versions are equal, as by the reference. Throws what {@link parseResult} and {@link resultToJson} throw.
 */
export function convertResult(json: JsonValue, from: string, to: string): JsonObject {
  return writeShaped(readShaped(json, from), to)
}

/**
 * Returns what {@link parseResult} would make of {@link convertResult}'s outcome in the result's own version: a result
 * that another plugin printed, without empty values. Throws what these two throw.
 */
export function parsePrintedResult(json: JsonObject & { cniVersion: string }): Result {
  const shaped = readShaped(json, json.cniVersion)
  if (shaped.shape !== '1.0') return parseResult(writeShaped(shaped, json.cniVersion))
  return withoutEmpty({ ...shaped.result, cniVersion: json.cniVersion })
}

/**
 * Returns what an ADD wrote to standard output as an object with a `cniVersion`: the configuration's, unless it
 * states one. `null` counts as `{}`.
 *
 * @throws {JsonError} `failed to unmarshal raw result: unexpected end of JSON input`
 */
export function stampResult(stdout: string, configVersion: string): JsonObject & { cniVersion: string } {
  const { printed, plain } = readRaw(stdout)
  if (isStamped(printed)) return printed
  const { cniVersion: _, ...rest } = plain
  return { ...rest, cniVersion: configVersion }
}

function isStamped(json: JsonObject): json is JsonObject & { cniVersion: string } {
  return typeof json['cniVersion'] === 'string' && json['cniVersion'] !== ''
}

const rawResult = map(raw)

/** A result as it was printed, every number as it was spelled, and as plain data, which is what a stamp is put on. */
function readRaw(stdout: string): { printed: JsonObject; plain: JsonObject } {
  try {
    const printed = parseJson(stdout)
    const plain = rawResult.decode(printed)
    return { printed: isJsonObject(printed) ? printed : plain, plain }
  } catch (error) {
    if (!(error instanceof Error)) throw error
    throw new JsonError(`failed to unmarshal raw result: ${error.message}`, { cause: error })
  }
}

function readShaped(json: JsonValue, version: string): ShapedResult {
  const shape = shapeOfVersion.get(version)
  if (shape === undefined) throw new TypeError(`unsupported CNI result version ${quote(version)}`)
  const shaped = shape.read(json)
  const { result } = shaped
  if (shapeOfVersion.get(result.cniVersion) !== shape) {
    const supported = `[${shape.versions.join(' ')}]`
    throw new TypeError(`result type supports ${supported} but unmarshalled CNIVersion is ${quote(result.cniVersion)}`)
  }
  result.cniVersion ||= firstVersion
  return shaped
}

function writeShaped(from: ShapedResult, version: string, fromVersion = from.result.cniVersion): JsonObject {
  const target = version || firstVersion
  const shape = shapeOfVersion.get(target)
  if (shape !== undefined) return shape.write(from, target)
  throw new TypeError(`no converter for CNI result version ${fromVersion} to ${target}`)
}
