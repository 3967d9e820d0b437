import type { JsonValue, QuickReading } from '@patchbay/cni/json'

/** In the place of the module of the same name: the host reads ten times as fast as the engine would. */
export function readQuickly(text: string, reading: QuickReading): JsonValue | undefined {
  return host.readJson(text, reading)
}
