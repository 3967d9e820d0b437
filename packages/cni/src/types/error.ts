import { type JsonObject, type JsonValue, object, orZero, string, uint } from '../json/index.ts'

/** The error codes: those of the specification (CNI 1.1 §"Error"), and the reference library's 8 and 999. */
export const errorCodes = {
  unknown: [0, 'Unknown error'],
  incompatibleCniVersion: [1, 'Incompatible CNI version'],
  unsupportedField: [2, 'Unsupported field in the network configuration'],
  unknownContainer: [3, 'Container unknown or gone: nothing to clean up'],
  invalidEnvironmentVariables: [4, 'Environment variables missing or invalid'],
  ioFailure: [5, 'Input or output failed'],
  decodingFailure: [6, 'Content cannot be decoded'],
  invalidNetworkConfig: [7, 'Network configuration invalid'],
  invalidNetns: [8, 'Network namespace invalid'],
  tryAgainLater: [11, 'Busy for now: try again later'],
  pluginNotAvailable: [50, 'Plugin not available: it cannot serve ADD'],
  limitedConnectivity: [51, 'Plugin not available, and containers may have lost connectivity'],
  internal: [999, 'Any other failure of the plugin'],
} as const satisfies Record<string, readonly [code: number, sentence: string]>

/** A code by its name in {@link errorCodes}. */
export type ErrorName = keyof typeof errorCodes

export interface CniErrorOptions {
  /** More in words for people; empty by default. */
  details?: string | undefined
  cause?: unknown | undefined
}

/** An error as the protocol carries it. Its `message` is `msg`, or `msg; details`. */
export class CniError extends Error {
  override readonly name = 'CniError'
  /** See {@link errorCodes}; 100 and above are a plugin's own. */
  readonly code: number
  readonly msg: string
  /** Empty when there are none. */
  readonly details: string

  constructor(code: ErrorName | number, msg: string, { details = '', ...options }: CniErrorOptions = {}) {
    super(details === '' ? msg : `${msg}; ${details}`, options)
    this.code = typeof code === 'number' ? code : errorCodes[code][0]
    this.msg = msg
    this.details = details
  }

  /** Returns the error object of the protocol, which a plugin prints: without `cniVersion`, like the reference plugins. */
  toJSON(): JsonObject {
    const { code, msg, details } = this
    return details === '' ? { code, msg } : { code, msg, details }
  }
}

/** Whether a value is a {@link CniError}, of this or of another copy of the package. */
export function isCniError(value: unknown): value is CniError {
  if (value instanceof CniError) return true
  return value instanceof Error && value.name === 'CniError' && 'code' in value && 'msg' in value && 'toJSON' in value
}

const errorObject = object('types.Error', { code: orZero(uint), msg: orZero(string), details: orZero(string) })

/**
 * Reads the error object that a plugin printed. Keys that are not an error's, `cniVersion` among them, are ignored.
 *
 * @throws {JsonError} `json: cannot unmarshal string into Go struct field Error.code of type uint`
 */
export function parseCniError(json: JsonValue): CniError {
  const { code, msg, details } = errorObject.decode(json)
  return new CniError(code, msg, { details })
}
