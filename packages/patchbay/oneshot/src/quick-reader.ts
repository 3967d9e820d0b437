import type { Told } from '../../../cni/src/json/quick-reader.ts'
import type { JsonValue } from '../../../cni/src/json/value.ts'

/** In the place of the module of the same name: the host reads ten times as fast as the engine would. */
export function readQuickly(text: string, told: Told): JsonValue | undefined {
  return host.readJson(text, told)
}
