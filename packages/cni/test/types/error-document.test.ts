import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { errorCodes } from '../../src/types/index.ts'

test('docs/errors.md lists every error code, and no other', () => {
  // From dist/test/types to the root of the repository.
  const document = readFileSync(new URL('../../../../../docs/errors.md', import.meta.url), 'utf8')
  const listed = [...document.matchAll(/^\| (\d+) \| `(\w+)` \| (.+) \|$/gm)].map(([, code, name, sentence]) => [
    name,
    [Number(code), sentence],
  ])
  assert.deepEqual(Object.fromEntries(listed), errorCodes)
})
