export type { Codec, Decoded, Place } from './codec.ts'
export { array, map } from './collection.ts'
export { hasRepeatedKeys } from './earlier.ts'
export { type FormatOptions, formatJson } from './format.ts'
export { float64, int, uint, uint16, uint32, uint64 } from './number.ts'
export {
  custom,
  type Fields,
  type NonOptional,
  named,
  type ObjectCodec,
  object,
  orZero,
  required,
  type Table,
  withDefault,
} from './object.ts'
export { type ParseOptions, parseJson } from './parse-json.ts'
export type { QuickReading } from './quick-reader.ts'
export { quote } from './quote.ts'
export { boolean, raw, string, text } from './scalar.ts'
export { isJsonObject, JsonError, type JsonObject, type JsonValue, maxDepth } from './value.ts'
