import assert from 'node:assert/strict'
import { test } from 'node:test'
import { importsOf } from '../imports.ts'

const source = `import { a, type B } from './a.ts'
import type { C } from "./c.ts"
import './side-effect.ts'
import * as d from 'node:fs'
import e, { f } from 'pkg'
import {
  g,
} from '@patchbay/address'
export { h } from './h.ts'
export * from './i.ts'
export * as j from './j.ts'
export type { K } from './k.ts'
// import { no } from './comment.ts'
const text = "import { no } from './string.ts'"
const lazy = await import('./lazy.ts')
type T = import('./type.ts').T
const here = import.meta.url
const computed = await import(name)
const template = await import(\`./\${name}.ts\`)
export const from = 1, x = { from: 'y' }
object.import('./method.ts')
`

test('importsOf() finds every form of import with its line', () => {
  assert.deepEqual(
    importsOf(source).map(({ specifier, line }) => [line, specifier]),
    [
      [1, './a.ts'],
      [2, './c.ts'],
      [3, './side-effect.ts'],
      [4, 'node:fs'],
      [5, 'pkg'],
      [6, '@patchbay/address'],
      [9, './h.ts'],
      [10, './i.ts'],
      [11, './j.ts'],
      [12, './k.ts'],
      [15, './lazy.ts'],
      [16, './type.ts'],
      [18, undefined],
      [19, undefined],
    ],
  )
})
