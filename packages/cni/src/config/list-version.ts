import type { JsonError, JsonObject, JsonValue } from '../json/index.ts'
import { currentVersion, isAtLeast } from '../types/index.ts'
import { configError } from './config-error.ts'
import { goType } from './go-type.ts'

/**
 * Returns the version that a network list is run with: the highest of `cniVersions` and `cniVersion` that this
 * library knows (CNI 1.1 §"Network configuration format"). Without `cniVersions` it is `cniVersion` as it stands,
 * unchecked, empty when absent.
 */
export function listVersion(list: JsonObject): string {
  const single = Object.hasOwn(list, 'cniVersion') ? list['cniVersion'] : ''
  if (typeof single !== 'string') throw listError(`invalid cniVersion type ${goType(single ?? null)}`)
  if (!Object.hasOwn(list, 'cniVersions')) return single
  const known = versionEntries(list['cniVersions'] ?? null)
  if (single !== '' && isKnown(single, `invalid cniVersion ${single}`)) known.push(single)
  return known.reduce((highest, version) => (highest && isAtLeast(highest, version) ? highest : version), '') || single
}

function versionEntries(value: JsonValue): string[] {
  if (!Array.isArray(value)) throw listError(`invalid type for cniVersions: ${goType(value)}`)
  return value.filter((entry, index): entry is string => {
    if (typeof entry !== 'string') throw listError(`invalid type for cniVersions index ${index}: ${goType(entry)}`)
    return isKnown(entry, `invalid cniVersions entry ${entry} at index ${index}`)
  })
}

function isKnown(version: string, complaint: string): boolean {
  try {
    return isAtLeast(currentVersion, version)
  } catch (error) {
    throw listError(complaint, error)
  }
}

/** An error about a network list, in the reference's words. */
export function listError(message: string, cause?: unknown): JsonError {
  return configError(`error parsing configuration list: ${message}`, cause)
}
