import { useNativeAddon } from '@patchbay/linux/sys'
import { exerciseClosedDescriptors, exerciseExtremes, exerciseWrongTypes } from './misuse.ts'
import { exerciseRoute } from './route.ts'
import {
  exerciseClosedSubscription,
  exerciseCollection,
  exerciseFullQueue,
  exercisePendingBuffers,
  exerciseStorm,
  exerciseWorkers,
} from './subscription.ts'

/**
 * Runs with the addon given as the first argument the parts named by the others, all when there are none, and prints
 * each that went well.
 */
const [, , addon = '', ...wanted] = process.argv
useNativeAddon(addon)

function collect(): void {
  if (globalThis.gc === undefined) throw new Error('Cannot collect garbage: run with --expose-gc')
  globalThis.gc()
}

const parts: Record<string, () => void | Promise<void>> = {
  route: exerciseRoute,
  'wrong types': exerciseWrongTypes,
  'closed descriptors': exerciseClosedDescriptors,
  extremes: exerciseExtremes,
  storm: exerciseStorm,
  'full queue': exerciseFullQueue,
  'pending buffers': () => exercisePendingBuffers(collect),
  'closed subscription': exerciseClosedSubscription,
  collection: () => exerciseCollection(collect),
  workers: () => exerciseWorkers(addon),
}

for (const name of wanted.length === 0 ? Object.keys(parts) : wanted) {
  await parts[name]?.()
  console.log(name)
}
