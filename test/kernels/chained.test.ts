import assert from 'node:assert/strict'
import { test } from 'node:test'
import { plugins } from '@patchbay/plugins'
import { chained } from './chained.ts'
import { interfaces } from './interfaces.ts'
import { lifetimeOf, withHost } from './packets.ts'

for (const [what, lifetime] of Object.entries(chained)) test(lifetimeOf(what), () => withHost(lifetime))

test('every plugin has a lifetime in one of the tables', () => {
  const cases = [...Object.keys(interfaces), 'loopback', ...Object.keys(chained)]
  const tried = new Set(cases.map((what) => /^[a-z-]+/.exec(what)?.[0]))
  const missing = plugins.flatMap(({ names }) => (names.some((name) => tried.has(name)) ? [] : [names[0]]))
  assert.deepEqual(missing, [])
})
